/**
 * The program that sees whom the kernel chooses for want of memory: on the tracepoint mark_victim, which follows the SIGKILL and comes
 * before the victim ends. Without want of memory it never runs.
 *
 * Source: mm/oom_kill.c (`__oom_kill_process`, `mark_oom_victim`).
 */
import { HELPER, NO_WAKEUP } from './abi.ts';
import type { Btf } from './btf.ts';
import { CAUSE_KIND, VICTIM } from './cause-record.ts';
import { untrust } from './fact-rows.ts';
import { add, call, label, load, loadMap, move, type Register, type Row, store, value, when } from './instructions.ts';
import { offsetsOf, typeId } from './offsets.ts';
import { endRows, type TracepointProgram } from './tracepoint-program.ts';

const TRACEPOINT = 'btf_trace_mark_victim';

const NEEDED = {
  tid: ['task_struct', 'pid', 4],
  pid: ['task_struct', 'tgid', 4],
  leader: ['task_struct', 'group_leader', 8],
  start: ['task_struct', 'start_boottime', 8],
  mm: ['task_struct', 'mm', 8],
} as const;

/** The typedef has a parameter more than the tracepoint, which told the number of a thread before it told the task. */
const PARAMETERS_WITH_TASK = 3;
/** MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES of four (linux/mm_types_task.h). */
const RESIDENT = [0, 1, 3] as const;
const COUNTERS = 4;
const COUNTER_BYTES = 8;
/** Rough counters: for a moment one may lie below zero. */
const MOST_PAGES = 0x7fffffff;

const GIVEN: Register = 6;
const RECORD: Register = 7;
const MEMORY: Register = 8;
const PAGES: Register = 9;

/** r9 = pages that are resident, as the kernel's log counts them; 0 where it keeps them in a type that cannot be looked into (before 6.2). */
function residentRows(btf: Btf): Row[] {
  const all = btf.member('mm_struct', 'rss_stat');
  const inOne = btf.member('percpu_counter', 'count');
  if (all === undefined || inOne === undefined || all.bytes / COUNTERS <= COUNTER_BYTES) return [];
  return RESIDENT.flatMap((which) => [
    load('u64', 1, MEMORY, all.offset + (which * all.bytes) / COUNTERS + inOne.offset),
    when(1, '>', value(MOST_PAGES), `negative ${which}`),
    add(PAGES, 1),
    label(`negative ${which}`),
  ]);
}

function taskRows(btf: Btf): Row[] {
  const at = offsetsOf(btf, NEEDED);
  return [
    ...untrust(btf, GIVEN, 'task_struct'),
    load('u64', 2, GIVEN, at.leader),
    load('u64', 1, 2, at.start),
    store('u64', RECORD, VICTIM.start, 1),
    load('u32', 1, GIVEN, at.pid),
    store('u32', RECORD, VICTIM.pid, 1),
    load('u32', 1, GIVEN, at.tid),
    store('u32', RECORD, VICTIM.tid, 1),
    load('u64', MEMORY, GIVEN, at.mm),
    store('u64', RECORD, VICTIM.memory, MEMORY),
    ...residentRows(btf),
  ];
}

const threadRows = (): Row[] => [
  store('u32', RECORD, VICTIM.tid, GIVEN),
  store('u64', RECORD, VICTIM.start, value(0)),
  store('u32', RECORD, VICTIM.pid, value(0)),
  store('u64', RECORD, VICTIM.memory, value(0)),
];

/** Throws UnknownLayout. */
export function victimProgram(btf: Btf): TracepointProgram {
  const at = offsetsOf(btf, NEEDED);
  const isTask = (btf.parametersOf(TRACEPOINT) ?? 0) >= PARAMETERS_WITH_TASK;
  return {
    attach: 'tracepoint',
    attachTo: typeId(btf, 'typedef', TRACEPOINT),
    scratchBytes: 0,
    rows: ({ ring, lost }) => [
      load('u64', GIVEN, 1, 0), //                    (struct task_struct *task, uid_t uid), or (int pid)
      loadMap(1, ring),
      move(2, value(VICTIM.bytes)),
      move(3, value(0)),
      call(HELPER.ringbufReserve),
      when(0, '==', value(0), 'full'),
      move(RECORD, 0),
      move(PAGES, value(0)),
      call(HELPER.monotonicNanos),
      store('u64', RECORD, VICTIM.at, 0),
      store('u32', RECORD, VICTIM.kind, value(CAUSE_KIND.victim)),
      ...(isTask ? taskRows(btf) : threadRows()),
      store('u64', RECORD, VICTIM.resident, PAGES),
      call(HELPER.currentTask),
      load('u32', 1, 0, at.tid),
      store('u32', RECORD, VICTIM.triggerTid, 1),
      move(1, RECORD),
      move(2, value(NO_WAKEUP)),
      call(HELPER.ringbufSubmit),
      ...endRows(lost),
    ],
  };
}
