/** Exec records as the kernel's side writes them, made byte by byte. */

export interface ExecRecordOptions {
  readonly at?: bigint;
  readonly tgid?: number;
  /** Latin 1. */
  readonly args?: string;
  readonly argsTotal?: bigint;
  readonly path?: string;
  readonly pathResult?: number;
  readonly hasFile?: number;
}

export function execRecord(options: ExecRecordOptions = {}): Uint8Array {
  const { at = 10_000_000_005n, tgid = 42, args = 'true\0', path = '/bin/true', hasFile = 1 } = options;
  const stored = Buffer.from(args, 'latin1');
  const name = path === '' ? Buffer.alloc(0) : Buffer.from(`${path}\0`, 'latin1');
  const header = Buffer.alloc(88);
  header.writeBigUInt64LE(at, 0);
  header.writeBigUInt64LE(9_999_999_999n, 8);
  for (const [i, id] of [tgid, 43, 41, 1000, 0, stored.length].entries()) header.writeUInt32LE(id, 16 + 4 * i);
  header.writeBigUInt64LE(options.argsTotal ?? BigInt(stored.length), 40);
  header.writeInt32LE(options.pathResult ?? name.length, 52);
  header.writeBigUInt64LE(2n ** 60n + 1n, 56);
  header.writeUInt32LE((254 << 20) | 1, 64);
  header.writeUInt32LE(hasFile, 68);
  header.write('sh', 72);
  return Uint8Array.from(Buffer.concat([header, stored, name]));
}
