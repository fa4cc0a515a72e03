/** Numbers of bpf(2) that more than one piece needs. Source: include/uapi/linux/bpf.h. */

/** The functions of the kernel our programs call. */
export const HELPER = {
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  monotonicNanos: 5,
  cpu: 8,
  threadAndProcess: 14,
  userAndGroup: 15,
  cgroupId: 80,
  probeReadUser: 112,
  probeReadKernel: 113,
  probeReadUserString: 114,
  probeReadKernelString: 115,
  seqWrite: 127,
  ringbufOutput: 130,
  ringbufReserve: 131,
  ringbufSubmit: 132,
  ringbufDiscard: 133,
  ringbufQuery: 134,
  currentTask: 158,
} as const;

/** BPF_RB_NO_WAKEUP: a wake-up per record would cost ten times the program itself; the connector's socket wakes us. */
export const NO_WAKEUP = 1;
/** No flag: the kernel wakes the reader by a record that finds all others read. One that leaves some unread must look again by itself. */
export const WAKEUP_IF_READ = 0;
/** BPF_RB_FORCE_WAKEUP */
export const WAKEUP = 2;
/** BPF_RB_AVAIL_DATA: asks a ring for the bytes that nobody has read yet. */
export const UNREAD_BYTES = 0;
/** BPF_ANY: an update may create and may overwrite. */
export const ANY = 0;
