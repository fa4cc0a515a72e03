/**
 * Classic BPF as the kernel runs it on a socket: only the instructions socket filters of ours may use; anything else throws. Loads are
 * in network order, and a load beyond the end of the packet rejects it. Source: linux/filter.h, net/core/filter.c.
 */
import { endianness } from 'node:os';

const LE = endianness() === 'LE';
const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const COPY_A_TO_X = 0x07;
const RETURN = 0x06;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_SET = 0x45;
const JUMP_EQUAL_X = 0x1d;

/** How many bytes of the packet the program lets through; 0 rejects it. */
export function runFilter(program: Uint8Array, packet: Uint8Array): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  let a = 0;
  let x = 0;
  for (let pc = 0; ; pc++) {
    if (pc * 8 + 8 > program.length) throw new Error('the program runs off its end');
    const op = code.getUint16(pc * 8, LE);
    const [jt, jf] = [code.getUint8(pc * 8 + 2), code.getUint8(pc * 8 + 3)];
    const k = code.getUint32(pc * 8 + 4, LE);
    const jump = (condition: boolean): void => {
      pc += condition ? jt : jf;
    };
    switch (op) {
      case LOAD_WORD:
        if (k + 4 > packet.length) return 0;
        a = data.getUint32(k, false);
        break;
      case LOAD_HALF:
        if (k + 2 > packet.length) return 0;
        a = data.getUint16(k, false);
        break;
      case LOAD_BYTE:
        if (k + 1 > packet.length) return 0;
        a = data.getUint8(k);
        break;
      case COPY_A_TO_X:
        x = a;
        break;
      case RETURN:
        return k;
      case JUMP:
        pc += k;
        break;
      case JUMP_EQUAL:
        jump(a === k);
        break;
      case JUMP_GREATER:
        jump(a > k);
        break;
      case JUMP_SET:
        jump((a & k) !== 0);
        break;
      case JUMP_EQUAL_X:
        jump(a === x);
        break;
      default:
        throw new Error(`instruction 0x${op.toString(16)} is not known here`);
    }
  }
}
