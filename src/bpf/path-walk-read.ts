/**
 * The walk of path-walk.ts by address: what it looks at is copied into the scratch value first, so the verifier need not know the types.
 * For kernels without typed casts or kernel-bounded loops (before 6.9).
 */
import { HELPER } from './abi.ts';
import { DELETED, NAME_BYTES, WALK } from './fact-record.ts';
import {
  add,
  again,
  call,
  FRAME,
  go,
  label,
  load,
  move,
  or,
  type Register,
  type Row,
  store,
  value,
  when,
} from './instructions.ts';
import { COUNT, DENTRY, MOUNT, type PathLayout, type PathWalk, READ_ROOM, RECORD } from './path-walk.ts';

/** Directories and mounts that are walked: more takes the verifier too long, which follows each step apart. */
const MOST_STEPS = 32;

/** On the stack: whether the leaf is deleted. Below it is the program's own. */
const STATE = -24;
const SLASH = '/'.charCodeAt(0);
const WORD = 8;
/** In the room: the copy of a dentry, then that of a mount, then a word to look at again. */
const DENTRY_ROOM = 104;
const MOUNT_ROOM = 48;

/** Copies `bytes` from the address in a register into the scratch value; r0 is 0 if that could be done. */
const copy = (to: number, bytes: number, from: Register): Row[] => [
  move(1, RECORD),
  add(1, value(to)),
  move(2, value(bytes)),
  move(3, from),
  call(HELPER.probeReadKernel),
];

export function readWalk(layout: PathLayout): PathWalk {
  const dentry = -READ_ROOM;
  const mount = dentry + DENTRY_ROOM;
  const again32 = mount + MOUNT_ROOM;
  const dentryBytes = Math.max(layout.shortName + layout.shortNameBytes, layout.operations + WORD);
  const mountBytes = layout.vfsmount + layout.inMount + WORD;
  if (dentryBytes > DENTRY_ROOM || mountBytes > MOUNT_ROOM) throw new RangeError('no room for a dentry or a mount');
  const inDentry = (offset: number): number => dentry + offset;
  const inMount = (offset: number): number => mount + offset;

  /** A number that came through memory is no pointer to the verifier any more. */
  const forgetTypes: Row[] = [
    store('u64', RECORD, mount, DENTRY),
    load('u64', DENTRY, RECORD, mount),
    store('u64', RECORD, mount, MOUNT),
    load('u64', MOUNT, RECORD, mount),
  ];

  const copyShort: Row[] = Array.from({ length: Math.ceil(layout.shortNameBytes / WORD) }, (_, i) => [
    load('u64', 2, RECORD, inDentry(layout.shortName) + i * WORD),
    store('u64', 3, i * WORD, 2),
  ]).flat();

  return ({ tag, position, limit }) => {
    const to = (name: string): string => `${tag}: ${name}`;
    const end = (name: string, state: number): Row[] => [label(to(name)), move(0, value(state)), go(to('end'))];
    const takeDentry = copy(dentry, dentryBytes, DENTRY);
    const takeMount = [...copy(mount, mountBytes, MOUNT), when(0, '!=', value(0), to('fault'))];
    /** r0 = position, which is in bounds. */
    const whereTo = (): Row[] => [load('u32', 0, RECORD, position), when(0, '>', value(limit), to('too long'))];
    /** r4 = length of the name, which is in bounds. */
    const length = (): Row[] => [
      load('u32', 4, RECORD, inDentry(layout.nameLength)),
      when(4, '>', value(NAME_BYTES), to('too long')),
    ];
    return [
      ...forgetTypes,
      add(MOUNT, value(-layout.vfsmount)), //              container_of(mount, struct mount, mnt)
      store('u64', FRAME, STATE, value(0)),
      ...takeDentry,
      load('u64', 1, RECORD, inDentry(layout.hashed)), //  a leaf that is in no hash and is no root
      when(1, '!=', value(0), to('there')),
      load('u64', 1, RECORD, inDentry(layout.parent)),
      when(1, '==', DENTRY, to('there')),
      store('u64', FRAME, STATE, value(DELETED)), //       has been deleted
      label(to('there')),
      ...takeMount,
      move(COUNT, value(MOST_STEPS)),

      label(to('step')),
      add(COUNT, value(-1)),
      when(COUNT, '==', value(0), to('too deep')),
      ...takeDentry,
      when(0, '!=', value(0), to('fault')),
      load('u64', 1, RECORD, inMount(layout.vfsmount + layout.inMount)),
      when(DENTRY, '==', 1, to('top of a mount')),
      load('u64', 1, RECORD, inDentry(layout.parent)),
      when(DENTRY, '==', 1, to('a root')), //              and not this mount's
      ...whereTo(),
      load('u32', 4, RECORD, inDentry(layout.nameLength)),
      move(3, RECORD),
      add(3, 0), //                                        r3 = where to
      when(4, '>', value(layout.shortNameBytes - 1), to('long')),
      ...copyShort,
      label(to('copied')),
      move(3, DENTRY), //                                  the sequence, as it is now
      add(3, value(layout.sequence)),
      move(1, RECORD),
      add(1, value(again32)),
      move(2, value(4)),
      call(HELPER.probeReadKernel),
      load('u32', 1, RECORD, again32),
      load('u32', 2, RECORD, inDentry(layout.sequence)),
      when(1, '!=', 2, to('torn')),
      when(1, '&', value(1), to('torn')), //               odd: it was being changed
      ...whereTo(),
      ...length(),
      add(0, 4),
      move(3, RECORD),
      add(3, 0),
      store('u8', 3, 0, value(SLASH)),
      add(0, value(1)),
      store('u32', RECORD, position, 0),
      load('u64', DENTRY, RECORD, inDentry(layout.parent)),
      again(to('step')),

      label(to('top of a mount')), //                      on from where it is mounted
      load('u64', 1, RECORD, inMount(layout.mountParent)),
      when(1, '==', MOUNT, to('complete')),
      load('u64', DENTRY, RECORD, inMount(layout.mountPoint)),
      move(MOUNT, 1),
      ...takeMount,
      again(to('step')),

      label(to('long')),
      when(4, '>', value(NAME_BYTES), to('too long')),
      move(1, 3),
      move(2, value(NAME_BYTES + 1)),
      load('u64', 3, RECORD, inDentry(layout.name)),
      call(HELPER.probeReadKernelString), //               r0 = bytes with the NUL
      load('u32', 4, RECORD, inDentry(layout.nameLength)),
      add(0, value(-1)),
      when(0, '!=', 4, to('torn')),
      again(to('copied')),

      label(to('a root')), //                              with a name of its own making, or cut off from all else
      load('u64', 3, RECORD, inDentry(layout.operations)),
      when(3, '==', value(0), to('escaped')),
      add(3, value(layout.namesItself)),
      move(1, RECORD),
      add(1, value(mount)),
      move(2, value(WORD)),
      call(HELPER.probeReadKernel),
      load('u64', 1, RECORD, mount),
      when(1, '==', value(0), to('escaped')),
      ...whereTo(),
      move(1, RECORD),
      add(1, 0),
      move(2, value(NAME_BYTES + 1)),
      load('u64', 3, RECORD, inDentry(layout.name)),
      call(HELPER.probeReadKernelString),
      when(0, '>', value(NAME_BYTES + 1), to('fault')), // unsigned: an error is a huge number
      when(0, '==', value(0), to('fault')),
      add(0, value(-1)),
      load('u32', 1, RECORD, position),
      add(1, 0),
      store('u32', RECORD, position, 1),
      move(0, value(WALK.pseudo)),
      go(to('end')),

      ...end('too deep', WALK.tooDeep),
      ...end('too long', WALK.tooLong),
      ...end('torn', WALK.torn),
      ...end('fault', WALK.fault),
      ...end('escaped', WALK.escaped),
      label(to('complete')),
      move(0, value(WALK.complete)),
      label(to('end')),
      load('u64', 1, FRAME, STATE),
      or(0, 1),
    ];
  };
}
