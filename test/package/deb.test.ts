/** The packages that bring their own Node.js, installed, used and removed where there is no other. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { connectorTrouble, hasProgram, needs, root } from '../docs/need.ts';
import { assertRecord } from '../schema/validator.ts';

const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
const debian = process.arch === 'x64' ? 'amd64' : process.arch;
const deb = `${root}dist/procwatch_${version}_${debian}.deb`;
const archive = `${root}dist/procwatch-${version}-linux-${process.arch}.tar.xz`;
const ENOUGH = 2 ** 28;

let trouble: string | undefined;

const isFresh = (): boolean =>
  [deb, archive].every((path) => existsSync(path) && statSync(path).mtimeMs > statSync(`${root}dist/cli.cjs`).mtimeMs);

before(() => {
  if (!hasProgram('dpkg-deb')) trouble = 'there is no dpkg-deb';
  else if (!isFresh()) {
    const { status, stderr } = spawnSync(process.execPath, [`${root}scripts/deb.js`], { encoding: 'utf8' });
    if (status !== 0) trouble = `the package cannot be built: ${stderr}`;
  }
});

const isBuilt = (t: TestContext): boolean => needs(t, trouble === undefined, trouble ?? '');

function canHaveRoot(t: TestContext): boolean {
  return (
    isBuilt(t) &&
    needs(t, process.geteuid?.() === 0, 'only root can have a root of its own') &&
    needs(t, hasProgram('unshare') && hasProgram('apt-get'), 'there is no unshare, or no apt-get')
  );
}

/** Its output by the names of its `section`s, and the files that were other at the end. */
function inOwnRoot(script: string, ...files: string[]): { told: Record<string, string>; changed: string[] } {
  const place = mkdtempSync(join(tmpdir(), 'procwatch-root-'));
  try {
    const given = [`${root}test/package/own-root.sh`, place, `section() { echo "--- $1"; }\n${script}`, ...files];
    const options = { encoding: 'utf8', maxBuffer: ENOUGH, env: { ...process.env, NODE_OPTIONS: '--no-such-option' } };
    const { status, stdout, stderr } = spawnSync('unshare', ['-m', 'bash', ...given], options as { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    const told = Object.fromEntries(
      stdout.split(/^--- /m).map((text) => {
        const end = text.indexOf('\n');
        return [text.slice(0, end), text.slice(end + 1)];
      }),
    );
    return { told, changed: told.changed.trim().split('\n') };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Every command that a machine without Node.js would be given the package for. */
const USE = `
section version; procwatch --version
section watch; (for i in 1 2 3 4 5 6 7 8; do sleep 0.2; /bin/true; done) & procwatch --json --meta -n 5; wait
section pattern; procwatch -q --grep 'x+' -d 1ms && echo compiled
section wait; sleep 0.3 & procwatch wait $!; echo "$?"
section run; procwatch run --json -e exit -- sh -c 'echo "$NODE_OPTIONS"; exit 3' 2>&1; echo "$?"
section timeline; procwatch run -q --timeline /given/build.html -- sh -c 'sleep 0.05' && grep -c '<script' /given/build.html
section ps; procwatch ps --json | grep -c '"pid":1,'
section stat; procwatch stat --once -d 200ms | head -1
section doctor; procwatch doctor | tail -1
section signal; sleep 2 | procwatch timeline --text - 2>&1 & sleep 1; kill -USR1 $!; wait $!; echo "$?"
section completion; procwatch completion bash | tail -1
`;

function assertUsable(told: Record<string, string>): void {
  assert.equal(told.version, `${version}\n`);
  const records = told.watch
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const record of records) assertRecord(record);
  assert.equal(records.filter(({ pid }) => pid !== undefined).length, 5);
  assert.equal(told.pattern, 'compiled\n');
  assert.equal(told.wait, '0\n');
  const [options, exit, status] = told.run.trim().split('\n');
  assert.equal(options, '--no-such-option', 'the command has the variables that its Node.js would be given');
  assert.equal(JSON.parse(exit).exit_code, 3);
  assert.equal(status, '3');
  assert.match(told.timeline, /^[1-9]/);
  assert.equal(told.ps, '1\n');
  assert.match(told.stat, /\bforks?\b/i);
  assert.match(told.doctor, /^watch .*\.$/m);
  assert.doesNotMatch(told.signal, /Debugger/, 'SIGUSR1 opens no debugger here either');
  assert.match(told.signal, /\n2\n$/, 'and the command goes on');
  assert.match(told.completion, /^complete -F _procwatch procwatch$/m);
}

test('the .deb installs, every command of it works where there is no other Node.js, and removing it leaves nothing', (t) => {
  const why = connectorTrouble();
  if (!canHaveRoot(t) || !needs(t, why === undefined, why ?? '')) return;
  const { told, changed } = inOwnRoot(
    `set -e
section node; command -v node || echo none
section install; apt-get install -y -qq --no-install-recommends /given/*.deb 2>&1
set +e
${USE}
section man; man -w procwatch; man procwatch 2>/dev/null | head -3
section bash; source /usr/share/bash-completion/completions/procwatch && complete -p procwatch
section zsh; head -1 /usr/share/zsh/vendor-completions/_procwatch
section fish; grep -c 'complete -c procwatch' /usr/share/fish/vendor_completions.d/procwatch.fish
section unit; grep ^ExecStart= /usr/lib/systemd/system/procwatch.service; find /etc/systemd -name 'procwatch*'
section writable; find /usr/lib/procwatch ! -type l '(' ! -user root -o ! -group root -o -perm /022 ')'
section copyright; ls /usr/share/doc/procwatch /usr/share/procwatch/schema /usr/share/doc/procwatch/examples/fleet
section remove; apt-get remove -y -qq procwatch 2>&1
section left; find / -xdev -iname '*procwatch*' -not -path '/given/*' -not -path '${root}*' -not -path '/tmp/*' -not -path '/proc/*' -newer /given -o -path /usr/lib/procwatch
rm -r /given`,
    deb,
  );
  assert.equal(told.node, 'none\n');
  assertUsable(told);
  assert.match(told.man, /procwatch\.8\.gz\n[\s\S]*PROCWATCH\(8\)/);
  assert.match(told.bash, /^complete -F _procwatch procwatch$/m);
  assert.equal(told.zsh, '#compdef procwatch\n');
  assert.match(told.fish, /^[1-9]/);
  assert.equal(told.unit, 'ExecStart=/usr/bin/procwatch watch --json --meta --max-args 20K\n');
  assert.equal(told.writable, '', 'nobody but root may write what root executes');
  for (const name of ['copyright', 'procwatch-v1.schema.json', 'collector.conf'])
    assert.match(told.copyright, new RegExp(name));
  assert.equal(told.left, '');
  const own = changed.filter((path) => !/^(?:var\/(?:log|cache|lib)|root|tmp)\//.test(path));
  assert.deepEqual(own, [], 'nothing outside of the logs of apt and dpkg');
});

test('the tarball runs from any directory, also through a link', (t) => {
  const why = connectorTrouble();
  if (!canHaveRoot(t) || !needs(t, why === undefined, why ?? '')) return;
  const { told } = inOwnRoot(
    `cd /given && tar -xf *.tar.xz && rm *.tar.xz && mv procwatch-* 'a directory'
ln -s '/given/a directory/bin/procwatch' /usr/local/bin/procwatch
cd / ${USE}`,
    archive,
  );
  assertUsable(told);
});

test('V8 accepts the code caches, and the launcher obeys no variable of Node.js', (t) => {
  if (!canHaveRoot(t)) return;
  const { told } = inOwnRoot(
    `set -e
dpkg --install --force-depends /given/*.deb >/dev/null
section launcher; tail -2 /usr/bin/procwatch
section caches
flags=$(sed -n 's/^exec "$pw_home.node" \\(.*\\) "$pw_home.start.cjs".*/\\1/p' /usr/bin/procwatch)
unset NODE_OPTIONS
/usr/lib/procwatch/node $flags -e '
  const { load, scripts } = require("/usr/lib/procwatch/start.cjs");
  process.argv = ["node", "procwatch", "-q", "-d", "1ms"];
  load("/usr/lib/procwatch/dist/cli.cjs");
  process.on("exit", () => {
    for (const [path, script] of scripts) console.log(path, script.cachedDataRejected);
  });'
section names; ls /usr/lib/procwatch/dist; sha256sum /usr/lib/procwatch/dist/*.cjs
section orders
printf 'console.log("hijacked")' >/given/evil.cjs
NODE_OPTIONS=--require=/given/evil.cjs NODE_PATH=/given NODE_COMPILE_CACHE=/given/cache NODE_EXTRA_CA_CERTS=/given/evil.cjs procwatch --version
ls /given
section spoilt; for cache in /usr/lib/procwatch/dist/*.cache; do echo >"$cache"; done; procwatch --version`,
    deb,
  );
  const caches = told.caches.trim().split('\n');
  assert.ok(caches.length > 0);
  for (const line of caches) assert.match(line, /^\/usr\/lib\/procwatch\/dist\/[a-z0-9-]+\.cjs false$/);
  for (const [, hash, name] of told.names.matchAll(/^([0-9a-f]{16})[0-9a-f]{48} {2}.*\/([^/]+)\.cjs$/gm)) {
    assert.ok(told.names.includes(`${name}-${hash}.cache`), `${name} has a cache that is bound to its hash`);
  }
  assert.match(told.launcher, /^unset NODE_OPTIONS NODE_PATH NODE_COMPILE_CACHE NODE_EXTRA_CA_CERTS /m);
  assert.match(told.orders, new RegExp(`^${version}\nevil\\.cjs\nprocwatch_.*\\.deb\n$`));
  assert.equal(told.spoilt, `${version}\n`, 'one that V8 does not accept is passed over');
});

test('lintian finds no error in the .deb', (t) => {
  if (!isBuilt(t) || !needs(t, hasProgram('lintian'), 'lintian is not installed')) return;
  const { stdout, status } = spawnSync('lintian', ['--allow-root', '--fail-on', 'error', deb], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  assert.doesNotMatch(stdout, /^E: /m);
});

test('it depends on the C and C++ libraries only', (t) => {
  if (!isBuilt(t)) return;
  const { stdout } = spawnSync('dpkg-deb', ['--field', deb, 'Depends'], { encoding: 'utf8' });
  assert.deepEqual(
    stdout.split(',').map((one) => one.trim().split(' ')[0]),
    ['libc6', 'libstdc++6'],
  );
});
