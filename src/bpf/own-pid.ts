/**
 * Our own number as programs in the kernel tell it, which is that of the initial pid namespace: in another one nobody else tells us. Asked
 * by a program of four instructions that runs once.
 */
import { HELPER } from './abi.ts';
import { assemble, call, exit, shiftRight, value } from './instructions.ts';
import { orReason } from './refusal.ts';
import { runOnce } from './syscalls.ts';

const PROCESS_SHIFT = 32;

export const ownPid = (): { readonly pid: number } | { readonly reason: string } =>
  orReason(() => ({
    pid: runOnce(assemble([call(HELPER.threadAndProcess), shiftRight(0, value(PROCESS_SHIFT)), exit()])),
  }));
