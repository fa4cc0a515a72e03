/** The roads by which events come: the connector, and programs of ours in the kernel. */
export const STREAM_SOURCES = ['connector', 'bpf'] as const;
export type StreamSource = (typeof STREAM_SOURCES)[number];
