/** Numbers of bpf(2) that more than one piece needs. Source: include/uapi/linux/bpf.h. */

/** The functions of the kernel our programs call. */
export const HELPER = {
  mapLookup: 1,
  monotonicNanos: 5,
  probeReadUser: 112,
  probeReadUserString: 114,
  seqWrite: 127,
  ringbufOutput: 130,
  ringbufReserve: 131,
  ringbufSubmit: 132,
} as const;

/** BPF_RB_NO_WAKEUP: a wake-up per record would cost ten times the program itself; the connector's socket wakes us. */
export const NO_WAKEUP = 1;
