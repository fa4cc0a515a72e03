# procwatch records with the names of OpenTelemetry's semantic conventions:
#   procwatch --json --meta --full | jq -nc --unbuffered -f otel.jq
# One log record a line; the host comes from the start record. What has no name there is below procwatch.

# Digits of nanoseconds since 1970: a number would not be exact.
def nanos: (.[0:19] + "Z" | fromdate | tostring) + .[20:29];

def known: with_entries(select(.value != null));

# Why it ended, who did it, and what could not be executed.
def why: [
  "cause", "sender_pid", "sender_comm", "sender_uid", "sender_args", "sender_cgroup", "sender_ending", "signal_code", "raised_again",
  "fault_address", "syscall", "oom_resident_kib", "oom_trigger_pid", "oom_trigger_comm", "asked_by", "asked_signal", "asked_by_pid",
  "asked_by_comm", "asked_by_uid", "asked_by_args", "asked_before_s", "path", "error_path", "tried", "args_incomplete"
] as $names | . as $record | reduce $names[] as $name ({}; .["procwatch.\($name)"] = $record[$name]);

def attributes: why + {
  "process.pid": .pid,
  "process.parent_pid": .ppid,
  "thread.id": .tid,
  "process.executable.name": (if .exe then .exe | split("/") | last else .comm end),
  "process.executable.path": .exe,
  "process.command_args": .args,
  "process.working_directory": .cwd,
  "process.user.id": (.euid // .uid),
  "process.user.name": .user,
  "process.real_user.id": .ruid,
  "process.creation.time": .start_time,
  "process.exit.code": .exit_code,
  "process.exit.time": (if .event == "exit" then .time else null end),
  "process.linux.cgroup": .cgroup,
  "error.type": .error,
  "container.id": .container_id,
  "cpu.logical_number": .cpu,
  "procwatch.seq": .seq,
  "procwatch.parent_comm": .parent_comm,
  "procwatch.signal": .signal,
  "procwatch.core_dumped": .core_dumped,
  "procwatch.duration_s": .duration_s,
  "procwatch.unit": .unit,
  "procwatch.lost.reason": (if .event == "lost" then .reason else null end),
  "procwatch.lost.count": (if .event == "lost" then .count else null end)
} | known;

foreach inputs as $record (
  {};
  if $record.event == "start" then $record | {"host.name": .host, "host.boot.id": .boot_id, "os.version": .kernel} else . end;
  . as $resource | $record | {
    timeUnixNano: (.time | nanos),
    eventName: "procwatch.\(.event)",
    resource: $resource,
    attributes: attributes
  }
)
