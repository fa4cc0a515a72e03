/** The page as a file: what it may do, that no text of a process ends its block of data, how large it is, and that nothing is lost on the way. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { findingsOf } from '../../src/timeline/findings.ts';
import { writeHtml } from '../../src/timeline/html.ts';
import { commandOf, isFailure, isWithin, lastProgram, type Timeline } from '../../src/timeline/life.ts';
import { commandAt, isSet, modelOf, nameAt } from '../../src/timeline/page/model.ts';
import { pageDataOf } from '../../src/timeline/page-data.ts';
import { manyLives } from '../support/many-lives.ts';
import { BUILD, exec, exit, fork, life, timelineOf } from './story.ts';

const CODE = { script: 'draw()', style: 'main{}' };
const htmlOf = (timeline: Timeline): string => writeHtml(timeline, findingsOf(timeline), CODE);
const blockOf = (html: string): string =>
  /<script type="application\/\S+" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

test('the policy allows its own script and style and nothing else', () => {
  const html = htmlOf(timelineOf(BUILD));
  const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  assert.deepEqual(policy?.split('; '), [
    "default-src 'none'",
    `script-src ${hash(CODE.script)}`,
    `style-src ${hash(CODE.style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ]);
  assert.ok(html.indexOf('Content-Security-Policy') < html.indexOf('<style>'), 'before anything that it is about');
  assert.doesNotMatch(html, /\b(?:src|href)=/);
});

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<!--',
  '\u2028alert(1)',
  '"\'`',
  '\u202eabc',
  '__proto__',
  '&lt;',
  ']]>',
];

test('no text of a process ends the block of data, and all come out of it again', () => {
  const records = HOSTILE.flatMap((text, i) => [
    fork(i, i + 2, 1),
    exec(i + 0.1, i + 2, text, text),
    exit(i + 0.5, i + 2),
  ]);
  const timeline = timelineOf([...life(1, 9, [0, 90], 'sh'), ...records]);
  const html = htmlOf(timeline);
  assert.equal(html.match(/<script\b/g)?.length, 2);
  assert.equal(html.match(/<\/script>/g)?.length, 2);
  const block = blockOf(html);
  assert.doesNotMatch(block, /[<>&\u2028\u2029\u202e]/);
  const model = modelOf(JSON.parse(block));
  const shown = timeline.lives.map(commandOf);
  assert.deepEqual(
    timeline.lives.map((_, place) => commandAt(model, place)),
    shown,
  );
  assert.ok(shown.some((text) => text.includes('__proto__')) && shown.some((text) => text.includes('\\u202e')));
});

test('a title that is a command line is data like any other', () => {
  const timeline = { ...timelineOf(BUILD), title: '</title><script>alert(1)</script>' };
  assert.equal(htmlOf(timeline).match(/<script\b/g)?.length, 2);
});

const RICH = [
  ...BUILD,
  fork(50, 200, 100),
  exec(51, 900, 'old'),
  exit(60, 900, { start: -70, cpu: 3, rss: 5 }),
  fork(70, 102, 100),
  exit(71, 102),
];

for (const [title, timeline] of [
  ['everything there is', timelineOf(RICH)],
  ['a large build, deflated', timelineOf(manyLives(3000))],
] as const) {
  test(`the page reads back what was written: ${title}`, () => {
    const block = blockOf(htmlOf(timeline));
    const json = block.startsWith('{') ? block : inflateRawSync(Buffer.from(block, 'base64')).toString();
    const model = modelOf(JSON.parse(json));
    const micros = (nanos: number): number => Math.round(nanos / 1000);
    assert.equal(model.count, timeline.lives.length);
    timeline.lives.forEach((one, place) => {
      const parent = one.parent === undefined ? -1 : timeline.lives.indexOf(one.parent);
      const read = {
        pid: model.pid[place],
        parent: model.parent[place],
        from: model.from[place],
        to: model.to[place],
        name: nameAt(model, place),
        command: commandAt(model, place),
        failure: isSet(model.flags[place], 'failure'),
        within: model.spans.within[place] === 1,
        cpu: model.data.lives.cpu[place],
        rss: model.data.lives.rss[place],
        execs: [...model.execAt.subarray(model.execs[place], model.execs[place + 1])],
      };
      assert.deepEqual(read, {
        pid: one.pid,
        parent,
        from: micros(one.from),
        to: micros(one.to),
        name: lastProgram(one).name,
        command: commandOf(one),
        failure: isFailure(one),
        within: isWithin(one),
        cpu: one.usage?.cpuNanos === undefined ? -1 : micros(one.usage.cpuNanos),
        rss: one.usage?.maxRssKib ?? -1,
        execs: one.programs.slice(1).map(({ at }) => micros(at)),
      });
    });
  });
}

test('a process takes 60 bytes at the most, besides its texts', () => {
  const COUNT = 20_000;
  const timeline = timelineOf(manyLives(COUNT));
  const data = pageDataOf(timeline, findingsOf(timeline));
  const whole = blockOf(htmlOf(timeline)).length;
  assert.ok(data.texts.length > COUNT, 'nearly each has a text of its own');
  // All that is beside the columns is not a matter of their number.
  assert.ok(whole / COUNT < 60, `${whole / COUNT} bytes a process, texts included`);
});

test('lives are places and not objects that a name could reach into', () => {
  const timeline = timelineOf([...life(1, 9, [0, 10], '__proto__'), ...life(2, 1, [1, 2], 'constructor')]);
  assert.deepEqual([...timeline.tally.byCommand.keys()], ['__proto__', 'constructor']);
});
