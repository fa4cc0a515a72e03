/** The walk of path-walk.ts through typed pointers: fast, no copy by address, for recent kernels. */
import { DELETED, NAME_BYTES, WALK } from './fact-record.ts';
import {
  add,
  again,
  callKernel,
  FRAME,
  go,
  label,
  load,
  move,
  or,
  type Row,
  store,
  unlessPatient,
  value,
  when,
} from './instructions.ts';
import { DENTRY, MOUNT, type PathLayout, type PathWalk, RECORD } from './path-walk.ts';

/** On the stack: whether the leaf is deleted. Below it is the program's own. */
const STATE = -24;
const SLASH = '/'.charCodeAt(0);
const WORD = 8;
/** Words of a long name that are copied between two looks at whether it is long enough for more. */
const STRIDE = 8;
const NAME_WORDS = (NAME_BYTES + 1) / WORD;

/** Copies from the dentry itself, in whole words, without a loop: r3 is where to. */
const copyShort = ({ shortName, shortNameBytes }: PathLayout): Row[] =>
  Array.from({ length: Math.ceil(shortNameBytes / WORD) }, (_, i) => [
    load('u64', 2, DENTRY, shortName + i * WORD),
    store('u64', 3, i * WORD, 2),
  ]).flat();

/** Copies from where the name is, r4 bytes of it and some more, to r3. */
const copyLong = ({ name }: PathLayout, done: string): Row[] => [
  load('u64', 2, DENTRY, name),
  ...Array.from({ length: NAME_WORDS }, (_, i) => {
    const isEndOfStride = (i + 1) % STRIDE === 0 && i + 1 < NAME_WORDS;
    return [
      load('u64', 1, 2, i * WORD),
      store('u64', 3, i * WORD, 1),
      ...(isEndOfStride ? [when(4, '<=', value((i + 1) * WORD), done)] : []),
    ];
  }).flat(),
];

export function typedWalk(layout: PathLayout, types: { readonly cast: number; readonly mount: number }): PathWalk {
  const at = layout;
  return ({ tag, position, limit }) => {
    const to = (name: string): string => `${tag}: ${name}`;
    const end = (name: string, state: number): Row[] => [label(to(name)), move(0, value(state)), go(to('end'))];
    const room = (): Row[] => [load('u32', 0, RECORD, position), when(0, '>', value(limit), to('too long'))];
    return [
      store('u64', FRAME, STATE, value(0)),
      load('u64', 1, DENTRY, at.hashed), //                a leaf that is in no hash and is no root
      when(1, '!=', value(0), to('there')),
      load('u64', 1, DENTRY, at.parent),
      when(1, '==', DENTRY, to('there')),
      store('u64', FRAME, STATE, value(DELETED)), //       has been deleted
      label(to('there')),
      add(MOUNT, value(-at.vfsmount)), //                  container_of(mount, struct mount, mnt)
      move(1, MOUNT),
      move(2, value(types.mount)),
      callKernel(types.cast), //                           so that the verifier knows it as one
      move(MOUNT, 0),

      label(to('step')),
      unlessPatient(to('too deep')),
      load('u64', 1, DENTRY, at.parent), //                r1 = parent, kept through the step
      load('u64', 2, MOUNT, at.vfsmount + at.inMount),
      when(DENTRY, '==', 2, to('top of a mount')),
      when(DENTRY, '==', 1, to('a root')), //              and not this mount's
      ...room(),
      load('u32', 5, DENTRY, at.sequence), //              r5 = sequence before the copy
      load('u32', 4, DENTRY, at.nameLength), //            r4 = length
      move(3, RECORD),
      add(3, 0), //                                        r3 = where to
      when(4, '>', value(at.shortNameBytes - 1), to('long')),
      ...copyShort(at),
      label(to('copied')),
      load('u32', 2, DENTRY, at.sequence),
      when(2, '!=', 5, to('torn')),
      when(5, '&', value(1), to('torn')), //               odd: it was being changed
      add(3, 4),
      store('u8', 3, 0, value(SLASH)),
      load('u32', 0, RECORD, position),
      add(0, 4),
      add(0, value(1)),
      store('u32', RECORD, position, 0),
      move(DENTRY, 1),
      again(to('step')),

      label(to('top of a mount')), //                      on from where it is mounted
      load('u64', 1, MOUNT, at.mountParent),
      when(1, '==', MOUNT, to('complete')),
      load('u64', DENTRY, MOUNT, at.mountPoint),
      move(MOUNT, 1),
      again(to('step')),

      label(to('long')),
      when(4, '>', value(NAME_BYTES), to('too long')),
      ...copyLong(at, to('long copied')),
      label(to('long copied')),
      load('u64', 1, DENTRY, at.parent), //                the copy has used it
      again(to('copied')),

      label(to('a root')), //                              with a name of its own making, or cut off from all else
      load('u64', 1, DENTRY, at.operations),
      load('u64', 1, 1, at.namesItself),
      when(1, '==', value(0), to('escaped')),
      ...room(),
      load('u32', 4, DENTRY, at.nameLength),
      move(3, RECORD),
      add(3, 0),
      when(4, '>', value(NAME_BYTES), to('too long')),
      ...copyLong(at, to('named')),
      label(to('named')),
      load('u32', 0, RECORD, position),
      add(0, 4),
      store('u32', RECORD, position, 0),
      move(0, value(WALK.pseudo)),
      go(to('end')),

      ...end('too deep', WALK.tooDeep),
      ...end('too long', WALK.tooLong),
      ...end('torn', WALK.torn),
      ...end('escaped', WALK.escaped),
      label(to('complete')),
      move(0, value(WALK.complete)),
      label(to('end')),
      load('u64', 1, FRAME, STATE),
      or(0, 1),
    ];
  };
}
