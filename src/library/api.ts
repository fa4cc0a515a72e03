/**
 * procwatch for programs: `for await (const record of watch({ events: ['exec'] })) …`. The same records as `procwatch --json`, with the
 * same guarantees; what is exported here is all there is to rely on.
 */
import type { JsonRecord } from '../format/json-records.ts';
import { ambient, loadKernel, loadSnapshotKernel, reading } from '../host/real-host.ts';
import { LiveWatch, typedOf } from './live-watch.ts';
import type { Processes, ProcessesRequest } from './processes.ts';
import { RecordedWatch } from './recorded-watch.ts';
import type { Watch, WatchRequest } from './watch-request.ts';

export { Failure } from '../errors.ts';
export type * from '../format/json-records.ts';
export type { EventName } from '../netlink/events.ts';
export type { Processes, ProcessesRequest, ProcessRow, ProcessRows, ProcessText } from './processes.ts';
export type { Watch, WatchRequest } from './watch-request.ts';

/**
 * Process events as they happen, beginning now, or those of a recording (`read`). Loss is a record among the others: `{ event: 'lost', reason, count }`. An error that
 * says why, and what to do, is thrown at once for a request that makes no sense, and by the iteration where watching is not possible.
 */
export function watch(request: WatchRequest = {}): Watch {
  if (request.read !== undefined) return new RecordedWatch(request, typedOf(request), reading);
  return new LiveWatch(request, ambient, loadKernel);
}

/**
 * All processes, read at once and as often as one likes: `for (const { pid, ppid } of processes.read()) …`. One walk inside the kernel where
 * that can be had, else the files of /proc; `source` says which, `reason` why. To be closed, by hand or by `using`.
 */
export async function openProcesses(request: ProcessesRequest = {}): Promise<Processes> {
  const [kernel, { OpenProcesses }] = await Promise.all([loadSnapshotKernel(), import('./process-rows.ts')]);
  return new OpenProcesses(kernel, request);
}

/** Narrows a record to one about a process. */
export function isProcess(record: JsonRecord): record is Extract<JsonRecord, { readonly pid: number }> {
  return 'pid' in record;
}
