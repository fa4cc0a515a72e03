/** Following a recording whose files turn: what comes after which. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileSource } from '../../src/recording/file-source.ts';
import { unpacked } from '../../src/recording/unpacked.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

const GENEROUS_MS = 30_000;

/** Someone who follows a file; `reads` says what of it has come so far. */
class Follower {
  readonly host = new ScriptedHost({ argv: [] });
  private readonly path: string;
  private readonly leash = { isOver: false };
  private isDone = false;
  private text = '';

  constructor(path: string, first: string | Uint8Array) {
    this.path = path;
    this.host.openFile(path).write(first);
    this.follow();
  }

  private async follow(): Promise<void> {
    const { pieces } = fileSource(this.host, this.path, { follow: this.leash });
    for await (const piece of unpacked(this.path, pieces, assert.fail)) this.text += Buffer.from(piece);
    this.isDone = true;
  }

  private async until(isSo: () => boolean): Promise<void> {
    // What is packed is unpacked by another thread, in its own time.
    for (const end = Date.now() + GENEROUS_MS; !isSo(); ) {
      assert.ok(Date.now() < end, this.text);
      await new Promise((resolve) => setTimeout(resolve, 1));
      this.host.advance(100);
    }
  }

  reads(expected: string): Promise<void> {
    return this.until(() => this.text.replace(/\n+/g, '\n') === expected);
  }

  /** Ends the file, and begins another. */
  turn(number: string, next: string | Uint8Array): void {
    this.host.fileSystem.rename(this.path, this.path.replace('.', `.${number}.`));
    this.host.openFile(this.path).write(next);
  }

  end(): Promise<void> {
    this.leash.isOver = true;
    return this.until(() => this.isDone);
  }
}

test('files that turned between two looks are read in their order', async () => {
  const follower = new Follower('night.jsonl', 'first\n');
  await follower.reads('first\n');
  follower.turn('000001', 'file b\n');
  follower.turn('000002', 'file c\n');
  follower.turn('000003', 'file d\n');
  await follower.reads('first\nfile b\nfile c\nfile d\n');
  follower.turn('000004', 'file e\n');
  await follower.reads('first\nfile b\nfile c\nfile d\nfile e\n');
  await follower.end();
});

test('compressed files that turned between two looks are read in their order', async () => {
  const follower = new Follower('night.jsonl.gz', gzipSync('first\n'));
  await follower.reads('first\n');
  follower.turn('000001', gzipSync('file b\n'));
  follower.turn('000002', gzipSync('file c\n'));
  await follower.reads('first\nfile b\nfile c\n');
  await follower.end();
});

test('what had ended before the follower came is not read', async () => {
  const follower = new Follower('night.jsonl', 'first\n');
  follower.host.openFile('night.000007.jsonl').write('old\n');
  await follower.reads('first\n');
  follower.turn('000008', 'file b\n');
  await follower.reads('first\nfile b\n');
  await follower.end();
});

test('a file that is no longer kept is followed by the oldest that is', async () => {
  const follower = new Follower('night.jsonl', 'first\n');
  await follower.reads('first\n');
  follower.turn('000001', 'file b\n');
  follower.turn('000002', 'file c\n');
  follower.turn('000003', 'file d\n');
  follower.host.fileSystem.remove('night.000001.jsonl');
  follower.host.fileSystem.remove('night.000002.jsonl');
  await follower.reads('first\nfile c\nfile d\n');
  await follower.end();
});

test('as long as nothing is in the new file, what comes into the old one is read', async () => {
  const follower = new Follower('night.jsonl', 'first\n');
  await follower.reads('first\n');
  const old = follower.host.openFile('night.jsonl', 'at its end');
  follower.host.fileSystem.rename('night.jsonl', 'night.jsonl.1');
  follower.host.openFile('night.jsonl');
  old.write('the end\n');
  await follower.reads('first\nthe end\n');
  follower.host.openFile('night.jsonl', 'at its end').write('file b\n');
  await follower.reads('first\nthe end\nfile b\n');
  await follower.end();
});
