# What is missing in the collected records: jq -nr -f gaps.jq procwatch-fleet.jsonl
# Records are numbered from 1 in each run of procwatch; a run begins with its start record. One line for each gap.

reduce inputs as $record (
  {runs: {}, gaps: []};
  ($record | "\(.host) \(.boot_id)") as $origin
  | (if $record.event == "start" then 0 else .runs[$origin] // 0 end) as $before
  | if $record.seq > $before + 1 then
      .gaps += ["\($origin): \($before + 1) to \($record.seq - 1) missing before \($record.time)"]
    else . end
  | .runs[$origin] = ([$before, $record.seq] | max)
)
| .gaps[]
