/**
 * THE table of commands: each is declared once with its name, meaning, operands, options and what runs it. Program, manual and
 * completion derive from it. A command's code is loaded only when the command is run.
 */
import { SHELL_NAMES } from '../completion/shells.ts';
import type { Result } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { DOCTOR_OPTIONS } from './doctor-options.ts';
import { FORWARD_OPTIONS } from './forward-options.ts';
import { HOSTS_OPTIONS } from './hosts-options.ts';
import { NATS_COMMAND_OPTIONS, NATS_TASKS } from './nats-command-options.ts';
import { type Option, readOptions, refuseOtherSource, type Typed, WATCH_OPTIONS } from './options.ts';
import { PS_OPTIONS } from './ps-options.ts';
import { RECORD_OPTIONS } from './record-options.ts';
import { RUN_OPTIONS } from './run-options.ts';
import { STAT_OPTIONS } from './stat-options.ts';
import { TIMELINE_OPTIONS } from './timeline-options.ts';
import { TREE_OPTIONS } from './tree-options.ts';
import { WAIT_OPTIONS } from './wait-options.ts';

export interface CommandRow {
  readonly meaning: string;
  /** What follows the options, as usage shows it; nothing may follow where this is absent. */
  readonly operands?: string;
  /** What the first operand may be, where that is a short list of names. */
  readonly choices?: readonly string[];
  /** Options after the first operand belong to it: it is a command of its own. */
  readonly passesThrough?: true;
  readonly options: Readonly<Record<string, Option<unknown>>>;
  readonly run: (host: Host, typed: Typed, operands: readonly string[]) => Promise<Result>;
}

export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  watch: {
    meaning: 'print process events as they happen (the default command)',
    options: WATCH_OPTIONS,
    run: async (host, typed) => (await import('./start-watch.ts')).runWatch(host, typed),
  },
  record: {
    meaning:
      'record process events into files, to be looked at later: append, rotate, compress, or keep the last minutes',
    options: RECORD_OPTIONS,
    run: async (host, typed) => (await import('./record.ts')).startRecord(host, readOptions(RECORD_OPTIONS, typed)),
  },
  wait: {
    meaning: 'wait for processes that are not children, and end with their status',
    operands: '[PID...]',
    options: WAIT_OPTIONS,
    run: async (host, typed, operands) =>
      (await import('./wait.ts')).startWait(host, readOptions(WAIT_OPTIONS, typed), operands),
  },
  run: {
    meaning: 'run a command, show its whole tree, and end with its status',
    operands: 'COMMAND [ARG...]',
    passesThrough: true,
    options: RUN_OPTIONS,
    run: async (host, typed, operands) =>
      (await import('./run.ts')).startRun(host, readOptions(RUN_OPTIONS, typed), operands),
  },
  timeline: {
    meaning: 'draw where the time of a recording went: a page that opens anywhere, or a trace for other viewers',
    operands: '[RECORDING...]',
    options: TIMELINE_OPTIONS,
    run: async (host, typed, operands) =>
      (await import('./timeline.ts')).startTimeline(host, readOptions(TIMELINE_OPTIONS, typed), operands),
  },
  stat: {
    meaning: 'who forks, runs programs, ends and fails, and how fast: live, or as one table at the end',
    options: STAT_OPTIONS,
    run: async (host, typed) => {
      refuseOtherSource(STAT_OPTIONS, typed);
      return (await import('./stat.ts')).startStat(host, readOptions(STAT_OPTIONS, typed));
    },
  },
  ps: {
    meaning: 'all processes, or some, with chosen groups of facts, at one moment',
    options: PS_OPTIONS,
    run: async (host, typed) => {
      refuseOtherSource(PS_OPTIONS, typed);
      const options = readOptions(PS_OPTIONS, typed);
      if (options.read.length > 0) return (await import('./ps-recording.ts')).runRecordedPs(host, options);
      return (await import('./ps.ts')).runPs(host, options);
    },
  },
  tree: {
    meaning: 'draw the processes of a recording as a tree, with how long each lived and how it ended',
    options: TREE_OPTIONS,
    run: async (host, typed) => (await import('./tree.ts')).startTree(host, readOptions(TREE_OPTIONS, typed)),
  },
  forward: {
    meaning: 'follow recordings on the disk and send them to a NATS server, each record once',
    options: FORWARD_OPTIONS,
    run: async (host, typed) => (await import('./forward.ts')).startForward(host, readOptions(FORWARD_OPTIONS, typed)),
  },
  hosts: {
    meaning: 'who sends to a NATS server: kernel, version, last record, rate, losses and clock of each host',
    options: HOSTS_OPTIONS,
    run: async (host, typed) => (await import('./hosts.ts')).startHosts(host, readOptions(HOSTS_OPTIONS, typed)),
  },
  nats: {
    meaning: 'init makes the stream that keeps records on a NATS server, or changes it',
    operands: 'TASK',
    choices: NATS_TASKS,
    options: NATS_COMMAND_OPTIONS,
    run: async (host, typed, operands) =>
      (await import('./nats.ts')).startNats(host, readOptions(NATS_COMMAND_OPTIONS, typed), operands),
  },
  events: {
    meaning: 'a table of every event: its name, its bit, what it means and what its record carries',
    options: {},
    run: async (host) => {
      host.stdout.write((await import('./events.ts')).listEvents());
      return 'ok';
    },
  },
  causes: {
    meaning: 'every cause of an end: its name, what it means, how it is told apart and what its record carries',
    options: {},
    run: async (host) => {
      host.stdout.write((await import('./causes.ts')).listCauses());
      return 'ok';
    },
  },
  doctor: {
    meaning: 'check whether watch works here and how well, with a fix for whatever is in the way',
    options: DOCTOR_OPTIONS,
    run: async (host, typed) => (await import('./doctor.ts')).runDoctor(host, readOptions(DOCTOR_OPTIONS, typed)),
  },
  completion: {
    meaning: 'print a script that lets a shell (bash, zsh or fish) complete what is typed after procwatch',
    operands: 'SHELL',
    choices: SHELL_NAMES,
    options: {},
    run: async (host, _typed, operands) => {
      const { printCompletion } = await import('./completion.ts');
      return printCompletion(host, operands, { commands: COMMANDS, defaultCommand: DEFAULT_COMMAND });
    },
  },
};

export const DEFAULT_COMMAND = 'watch';
