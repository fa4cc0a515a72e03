/** What programs in the kernel are asked to tell of processes. */
export interface FactWishes {
  readonly births: boolean;
  /** Births and ends of threads too, where births and ends are told. */
  readonly threads?: boolean;
  readonly execs: boolean;
  /** `status`: how it ended. `whole`: also who it was, where the kernel still has that at the end. */
  readonly ends: 'none' | 'status' | 'whole';
  /** Ends with status 0 are left out, inside the kernel. */
  readonly onlyFailures: boolean;
  /** Without arguments they are not even copied out of the process. */
  readonly args: 'with' | 'without';
  /** By a record that finds all `others read`; or only by an `untold` one, which no event of the connector tells, and by a ring half full. */
  readonly wakes: 'others read' | 'untold';
}
