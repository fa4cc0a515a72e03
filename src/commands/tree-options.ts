/** The options of `procwatch tree`: a recording, and which part of it is drawn. */
import { WATCH_OPTIONS } from './options.ts';

const { host, notHost, natsCreds, natsCa } = WATCH_OPTIONS;
const { read, since, until, strict, pid, notPid, tree, notTree, user, notUser, name, notName, grep, notGrep } =
  WATCH_OPTIONS;
const { cgroup, notCgroup, color, output, redact, noArgs } = WATCH_OPTIONS;

export const TREE_OPTIONS = {
  read,
  since,
  until,
  strict,
  host,
  notHost,
  natsCreds,
  natsCa,
  pid,
  notPid,
  tree,
  notTree,
  user,
  notUser,
  name,
  notName,
  grep,
  notGrep,
  cgroup,
  notCgroup,
  color,
  output,
  redact,
  noArgs,
} as const;
