# What is missing in the collected records: jq -nr -f gaps.jq procwatch-fleet.jsonl
# Records are numbered from 1 in each run of procwatch; a run begins with its start record. One line for each gap.
# What is sent again after a break may come twice, and later than what follows it.

def without($seq):
  map(if $seq < .from or $seq > .to then . else ({from, to: ($seq - 1), time, origin}, {from: ($seq + 1), to, time, origin} | select(.from <= .to)) end);

reduce inputs as $record (
  {run: {}, last: {}, gaps: {}};
  ($record | "\(.host) \(.boot_id)") as $origin
  | (if $record.event == "start" then .run[$origin] = $record.mono_ns else . end)
  | "\($origin) \(.run[$origin])" as $run
  | (.last[$run] // 0) as $last
  | if $record.seq > $last then
      .last[$run] = $record.seq
      | if $record.seq > $last + 1 then
          .gaps[$run] += [{from: ($last + 1), to: ($record.seq - 1), time: $record.time, $origin}]
        else . end
    elif .gaps[$run] then
      .gaps[$run] |= without($record.seq)
    else . end
)
| .gaps[][]
| "\(.origin): \(.from) to \(.to) missing before \(.time)"
