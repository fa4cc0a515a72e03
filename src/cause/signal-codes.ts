/**
 * What si_code means: its name, and for faults a word on what was wrong. Pure. Source: include/uapi/asm-generic/siginfo.h, the same on
 * all architectures Node runs on.
 */

const USER = 0x00;
const KERNEL = 0x80;

/** Codes that do not depend on the signal. */
const GENERAL: Readonly<Record<number, string>> = {
  [USER]: 'SI_USER',
  [KERNEL]: 'SI_KERNEL',
  [-1]: 'SI_QUEUE',
  [-2]: 'SI_TIMER',
  [-3]: 'SI_MESGQ',
  [-4]: 'SI_ASYNCIO',
  [-5]: 'SI_SIGIO',
  [-6]: 'SI_TKILL',
  [-7]: 'SI_DETHREAD',
  [-60]: 'SI_ASYNCNL',
};

/** From code 1 on. */
const SEGV =
  'SEGV_MAPERR SEGV_ACCERR SEGV_BNDERR SEGV_PKUERR SEGV_ACCADI SEGV_ADIDERR SEGV_ADIPERR SEGV_MTEAERR SEGV_MTESERR SEGV_CPERR';
const ILL = 'ILL_ILLOPC ILL_ILLOPN ILL_ILLADR ILL_ILLTRP ILL_PRVOPC ILL_PRVREG ILL_COPROC ILL_BADSTK ILL_BADIADDR';
const FPE = 'FPE_INTDIV FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV FPE_FLTSUB';
const BY_SIGNAL: Readonly<Record<number, readonly string[]>> = {
  4: ILL.split(' '),
  5: 'TRAP_BRKPT TRAP_TRACE TRAP_BRANCH TRAP_HWBKPT TRAP_UNK TRAP_PERF'.split(' '),
  7: 'BUS_ADRALN BUS_ADRERR BUS_OBJERR BUS_MCEERR_AR BUS_MCEERR_AO'.split(' '),
  8: FPE.split(' '),
  11: SEGV.split(' '),
  31: 'SYS_SECCOMP SYS_USER_DISPATCH'.split(' '),
};
/** The codes of poll(2), for SIGIO and whatever F_SETSIG put in its place. */
const POLL = 'POLL_IN POLL_OUT POLL_MSG POLL_ERR POLL_PRI POLL_HUP'.split(' ');

/** `SEGV_MAPERR`; undefined for a code that has no name here. */
export function codeName(signal: number, code: number): string | undefined {
  return GENERAL[code] ?? (BY_SIGNAL[signal] ?? POLL)[code - 1];
}

const FAULT_IN_WORDS: Readonly<Record<string, string>> = {
  SEGV_MAPERR: 'not mapped',
  SEGV_ACCERR: 'not permitted',
  SEGV_PKUERR: 'protection key',
  SEGV_CPERR: 'control protection',
  BUS_ADRALN: 'misaligned',
  BUS_ADRERR: 'nothing behind it',
  FPE_INTDIV: 'division by zero',
  FPE_INTOVF: 'integer overflow',
  FPE_FLTDIV: 'division by zero',
  ILL_ILLOPC: 'no such instruction',
  ILL_ILLOPN: 'no such instruction',
  TRAP_BRKPT: 'breakpoint',
};

/** What was wrong, by the name of the code; undefined where the name says it as well. */
export const faultInWords = (code: string): string | undefined => FAULT_IN_WORDS[code];
