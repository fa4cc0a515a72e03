/** What is written by hand is what the table of fields writes, to the byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ITSELF, type EndCause, type Sender } from '../../src/cause/end-cause.ts';
import { FIELDS, fieldsOf } from '../../src/format/fields.ts';
import { JsonFormatter } from '../../src/format/json.ts';
import { BY_HAND, LAST_BY_HAND } from '../../src/format/json-by-hand.ts';
import type { Image } from '../../src/process/image.ts';
import type { ProcessEventName, ProcessRecord } from '../../src/process/record.ts';
import type { Text } from '../../src/process/text.ts';
import { seeded } from '../support/random.ts';
import { broken, context, HAZARDS, record } from '../support/records.ts';

const random = seeded(17);
const pick = <T>(...of: readonly T[]): T => of[random() % of.length];
const sometimes = <T>(value: T): T | undefined => pick(value, value, undefined);

const text = (): Text =>
  pick<() => Text>(
    () => 'sh',
    () => '',
    () => 'a "quoted" \\ name',
    () => 'naïve ✓ 名前',
    () => `x${HAZARDS[random() % HAZARDS.length]}y`,
    () => broken(0x61, 0xff, 0x0a),
    () => 'p'.repeat(random() % 3000),
  )();

function senderOf(over: Partial<Sender>): Sender {
  return { pid: 7, comm: 'sh', uid: 0, start: { seconds: 1, nanos: 0 }, isEnding: false, isItself: false, ...over };
}

const moment = () => ({ seconds: pick(0, 1, 1000, 2 ** 33, random()), nanos: pick(0, 7, 999_999_999, random() % 1e9) });

const image = (): Image => ({
  ...pick({}, { comm: text() }),
  ...pick({}, { args: Array.from({ length: random() % 4 }, text) }),
  ...pick({}, { argsTotal: random() }),
  ...pick({}, { exe: text(), cwd: text() }),
  ...pick({}, { exeDeleted: true, cwdDeleted: true } as const, { exeMissing: 'torn', cwdMissing: 'too deep' } as const),
  ...pick({}, { path: text() }),
  ...pick(
    {},
    { file: { device: '254:1', inode: pick<number | bigint>(1, 2 ** 40, 2n ** 60n + 1n) } },
    { file: { inode: 5 } },
  ),
  ...pick({}, { uid: pick(0, 1000, 77) }),
  ...pick({}, { missing: 'gone' as const }),
});

const CAUSES: readonly (EndCause | undefined)[] = [
  undefined,
  BY_ITSELF,
  { cause: undefined },
  { cause: 'fault', code: 'SEGV_MAPERR', address: 0x10n },
  {
    cause: 'exit',
    asked: { signal: 'SIGTERM', by: 'signal', sender: senderOf({ comm: broken(0xff), args: ['kill'] }), before: 1.25 },
  },
  { cause: 'signal', sender: senderOf({ args: ['a', 'b "c"'], cgroup: '/a.service' }), raisedAgain: true },
];

const end = (): ProcessRecord['exit'] => ({
  cause: pick(...CAUSES),
  waitStatus: sometimes(pick(0, 0x100, 0xff00, 9, 11, 139, 34, 64)),
  start: sometimes(moment()),
  duration: sometimes({
    seconds: pick(0, 1e-6, 0.0123, 7, 99.999999, 123_456.789, random() / 1e4),
    exact: pick(true, false),
  }),
});

const anyRecord = (event: ProcessEventName): ProcessRecord =>
  record({
    event,
    at: moment(),
    cpu: sometimes(random() % 300),
    pid: pick(1, 4242, 4_194_304),
    tid: pick(1, 4243),
    ppid: sometimes(pick(0, 1, 17)),
    parentComm: sometimes(text()),
    image: image(),
    imageOf: pick('inherited', 'earlier', undefined),
    thread: pick(true, false),
    inferred: pick(true, false),
    ancestry: sometimes([{ pid: 1, comm: text() }]),
    cgroup: sometimes('/a.service'),
    exit: event === 'exit' ? sometimes(end()) : undefined,
  });

for (const event of BY_HAND as ReadonlySet<ProcessEventName>) {
  test(`3,000 records of ${event} are the same, whoever writes them`, () => {
    const byTable = new JsonFormatter(context, 'table');
    const byHand = new JsonFormatter(context);
    for (let i = 0; i < 3000; i++) {
      const one = anyRecord(event);
      assert.equal(byHand.format(one), byTable.format(one));
      // Once more, with what is kept of the image now.
      assert.equal(byHand.format(one), byTable.format(one));
    }
  });
}

test('an end by itself is told the same, whether it is the usual one or not', () => {
  const told = (cause: EndCause) =>
    new JsonFormatter(context).format(
      record({ event: 'exit', exit: { waitStatus: 0, start: undefined, duration: undefined, cause } }),
    );
  assert.equal(told(BY_ITSELF), told({ cause: 'exit', asked: undefined }));
  assert.match(told(BY_ITSELF), /,"cause":"exit"/);
});

test('what is written by hand comes first in the table, without a gap', () => {
  const last = FIELDS.findIndex(({ name }) => name === LAST_BY_HAND);
  for (const event of BY_HAND as ReadonlySet<ProcessEventName>) {
    const names = fieldsOf(event).filter((field) => FIELDS.indexOf(field) <= last);
    assert.ok(
      names.every(({ extra }) => extra === undefined),
      event,
    );
  }
});

test('arguments that came as letters are told as the same texts', () => {
  for (const argsLetters of ['sh\0-c\0true\0', 'cut', '\0', 'a\0\0\0', 'say "x"\0', '\xff\0']) {
    const args = argsLetters.replace(/\0$/, '').split('\0');
    const asTexts = args.map((one) => (one === '\xff' ? broken(0xff) : one));
    const one = record({ image: { args: asTexts, argsLetters } });
    assert.equal(new JsonFormatter(context).format(one), new JsonFormatter(context, 'table').format(one));
  }
});
