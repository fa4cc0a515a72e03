# procwatch records with the names of the Elastic Common Schema:
#   procwatch --json --meta --full | jq -nc --unbuffered -f ecs.jq
# The host comes from the start record. What has no name there is below procwatch.

# Without what is not known, and without what is empty then.
def known: walk(if type == "object" then with_entries(select(.value != null and .value != {})) else . end);

def type_of:
  if . == "fork" or . == "exec" or . == "exec-failed" then "start"
  elif . == "exit" then "end"
  elif . == "lost" then "error"
  elif . == "start" or . == "end" or . == "found" then "info"
  else "change" end;

def event: {
  kind: "event",
  category: ["process"],
  type: [.event | type_of],
  action: (if .event == "start" or .event == "end" then "procwatch_\(.event)" else .event end),
  outcome: (if .event == "exec-failed" then "failure" else null end),
  reason: .cause,
  sequence: .seq,
  duration: (if .duration_s then .duration_s * 1e9 | round else null end)
};

def process: {
  pid: .pid,
  thread: {id: .tid},
  parent: {pid: .ppid, name: .parent_comm},
  name: .comm,
  executable: .exe,
  args: .args,
  args_count: (if .args then .args | length else null end),
  command_line: (if .args then .args | join(" ") else null end),
  working_directory: .cwd,
  start: .start_time,
  end: (if .event == "exit" then .time else null end),
  exit_code: .exit_code,
  user: {id: ((.euid // .uid) | if . == null then null else tostring end), name: .user},
  real_user: {id: (.ruid | if . == null then null else tostring end)}
};

# Why it ended, who did it, and what could not be executed.
def why: [
  "sender_pid", "sender_comm", "sender_uid", "sender_args", "sender_cgroup", "sender_ending", "signal_code", "raised_again", "fault_address",
  "syscall", "oom_resident_kib", "oom_trigger_pid", "oom_trigger_comm", "asked_by", "asked_signal", "asked_by_pid", "asked_by_comm",
  "asked_by_uid", "asked_by_args", "asked_before_s", "path", "error_path", "tried", "args_incomplete"
] as $names | . as $record | reduce $names[] as $name ({}; .[$name] = $record[$name]);

def rest: why + {
  signal: .signal,
  core_dumped: .core_dumped,
  cgroup: .cgroup,
  unit: .unit,
  lost: (if .event == "lost" then {reason: .reason, count: .count} else null end)
};

foreach inputs as $record (
  {};
  if $record.event == "start" then $record | {name: .host, boot: {id: .boot_id}, os: {kernel: .kernel}} else . end;
  . as $host | $record | {
    "@timestamp": .time,
    ecs: {version: "8.11.0"},
    event: event,
    host: $host,
    process: (if .pid then process else null end),
    error: {code: .error},
    container: {id: .container_id},
    procwatch: rest
  } | known
)
