/** A system call that failed where no answer but 0 was expected. */
import { describeErrno } from '../errors.ts';

export class SystemError extends Error {
  readonly errno: number;

  constructor(call: string, errno: number) {
    super(`${call}: ${describeErrno(errno)}`);
    this.name = 'SystemError';
    this.errno = errno;
  }
}
