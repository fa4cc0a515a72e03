/** A system call that failed where no answer but 0 was expected. Told as Node.js tells its own: with a code and a call. */
import { getSystemErrorMap } from 'node:util';
import { describeErrno } from '../errors.ts';

export class SystemError extends Error {
  readonly errno: number;
  readonly syscall: string;
  /** Its name: EMFILE. */
  readonly code: string;

  constructor(call: string, errno: number) {
    super(`${call}: ${describeErrno(errno)}`);
    this.name = 'SystemError';
    this.errno = errno;
    this.syscall = call;
    [this.code] = getSystemErrorMap().get(-errno) ?? [`E${errno}`];
  }
}
