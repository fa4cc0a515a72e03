#!/bin/bash
# Runs a script in a root of its own: this machine's, with what is changed kept in memory and gone at the end, and without Node.js. What was
# changed, by names of files, is printed at the end, behind a line of its own. To be run by: unshare -m.
# $1: a directory for the mounts; $2: the script, which is run in it; the rest are files for it, found in /given.
set -eu
place=$1 script=$2
shift 2
mount -t tmpfs procwatch "$place"
mkdir "$place"/{changed,work,root}
mount -t overlay procwatch -o "lowerdir=/,upperdir=$place/changed,workdir=$place/work" "$place/root"
for name in proc sys dev; do mount --rbind "/$name" "$place/root/$name"; done
cd "$place/root"
for node in $(type -ap node nodejs npm npx | sort -u); do rm -f "$place/root$node"; done
mkdir given
cp "$@" given/
export HOME=/root DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
status=0
chroot . /bin/bash -c "$script" || status=$?
echo '--- changed'
cd "$place/changed"
find . -type f -printf '%P\n'
exit $status
