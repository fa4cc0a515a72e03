/** A NATS server of Debian's on loopback, for a test: started, killed, started again on what it had on its disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { realHost } from '../../src/host/real-host.ts';
import { readAddress } from '../../src/nats/address.ts';
import type { Access, Engine, Role } from '../../src/nats/engine.ts';
import { hasProgram, needs } from '../docs/need.ts';

/** False if the test must end here. */
export const hasServer = (t: TestContext): boolean =>
  needs(t, hasProgram('nats-server'), 'nats-server is not installed');

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isThere: boolean) => () => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('data', end(true)).once('error', end(false));
  });
}

/** The text of a configuration, by port and directory. */
type Configure = (port: number, directory: string) => string;

export class NatsServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'procwatch-nats-'));
  readonly port: number;
  private readonly config: string | undefined = undefined;
  private readonly env: Readonly<Record<string, string>>;
  private process: ChildProcess | undefined;

  private constructor(port: number, configure: Configure | undefined, env: Readonly<Record<string, string>>) {
    this.port = port;
    this.env = env;
    if (configure === undefined) return;
    this.config = join(this.directory, 'nats.conf');
    writeFileSync(this.config, configure(port, this.directory));
  }

  /** @param configure the text of its configuration, by port and directory; without one it lets everybody do everything */
  static async start(
    t: TestContext,
    configure?: Configure,
    env: Readonly<Record<string, string>> = {},
  ): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), configure, env);
    t.after(() => server.remove());
    await server.begin();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async begin(): Promise<void> {
    const own = ['-a', '127.0.0.1', '-p', String(this.port), '-js', '-sd', join(this.directory, 'store')];
    const args = this.config === undefined ? own : ['-c', this.config];
    this.process = spawn('nats-server', args, { stdio: 'ignore', env: { ...process.env, ...this.env } });
    while (!(await answers(this.port))) await pause(50);
  }

  async kill(): Promise<void> {
    const { process: child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  private async remove(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  engine(role: Role, access: Access = {}): Promise<Engine> {
    return realHost().engine(readAddress('--to', this.url), access, role);
  }

  /** Makes the stream. */
  async init(access: Access = {}): Promise<void> {
    const engine = await this.engine('keeper', access);
    await engine.ensureStream({ maxAgeMs: 86_400_000, maxBytes: 0, replicas: 1 });
    await engine.close();
  }
}

/** A way to a server that can be cut. */
export class Way {
  readonly port: number;
  private readonly sockets: Set<{ destroy(): void }>;

  private constructor(port: number, sockets: Set<{ destroy(): void }>) {
    this.port = port;
    this.sockets = sockets;
  }

  static async start(t: TestContext, to: number): Promise<Way> {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return new Way((server.address() as { port: number }).port, sockets);
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
