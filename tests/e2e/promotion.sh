#!/bin/bash
# The drill before a promotion: two results, and a hold for what no one checked.
. "$(dirname "$0")/lib.bash"

run gatedrill run --gateway refgw --suite promotion --out "$scratch/runs"
expect_code 3 "promotion without an API reference"
expect_text out "conformance" "both results are printed"
expect_text out "promotion" "both results are printed"
folder=$(run_folder "$scratch/runs")
for file in evidence.json evidence.md records.jsonl history.jsonl run.json \
    manifest.json junit.xml summary.md; do
    expect_file "$folder/$file" "promotion"
done
# Happy path, invalid credential, happy path again, within and beyond budget.
expect_true "five records" \
    test "$(wc -l <"$folder/records.jsonl")" = 5
order=$(sed -E 's/.*"case":"([^"]*)".*/\1/' "$folder/records.jsonl")
cat >"$scratch/order" <<'TEXT'
control/healthy[stream=false]
auth/invalid-upstream-key
control/healthy[stream=false]
transient/5xx-once[status=503,stream=false]
transient/5xx-always[status=503,stream=false]
TEXT
expect_true "the order of the drill: $order" \
    test "$order" = "$(cat "$scratch/order")"

# What was recorded prints again, from the evidence alone.
run gatedrill report "$folder"
expect_text out "conformance" "report"
run gatedrill report "$folder" --report junit
expect_text out "<testsuites" "report as JUnit"

# The same seed plans the same run.
run gatedrill run --gateway refgw --suite promotion --out "$scratch/one" --seed 7
run gatedrill run --gateway refgw --suite promotion --out "$scratch/two" --seed 7
for name in one two; do
    grep -oE '"drill_id":"gd-[0-9a-f]{12}0000"' \
        "$(run_folder "$scratch/$name")/history.jsonl" >"$scratch/ids-$name"
done
expect_file "$scratch/ids-one" "drill ids in the history"
expect_true "the same seed gives the same drill ids" \
    cmp -s "$scratch/ids-one" "$scratch/ids-two"
