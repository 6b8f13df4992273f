#!/bin/bash
# Keys stand in no argument of a process, in no core file and in nothing that a
# run leaves behind: a run is watched while it goes on, and its processes killed.
. "$(dirname "$0")/lib.bash"

key='sk-[A-Za-z0-9]{48}'
mkdir "$scratch/tmp" "$scratch/here"

# Whoever works for this run names the scratch folder in its arguments, but for
# harness, mock and guardian: their working folder is below it.
ours() {
    {
        grep -lF "$scratch/" /proc/[0-9]*/cmdline
        find /proc/[0-9]*/cwd -maxdepth 0 -lname "$scratch/*"
    } 2>/dev/null | cut -d/ -f1-3 | grep -vx "/proc/$$" | sort -u
}
work_for() { # gatedrill, gatedrill-mock, gatedrill-refgw
    local process
    for process in $(ours); do
        if [ "$(cat "$process/comm" 2>/dev/null)" = "$1" ]; then
            echo "$process"
        fi
    done
}

# A machine that keeps whole cores, so that it takes us to prevent them.
(
    ulimit -c unlimited 2>/dev/null
    cd "$scratch/here" || exit
    TMPDIR=$scratch/tmp exec "$GATEDRILL_BIN/gatedrill" run --gateway refgw \
        --out "$scratch/runs" --seed 7 --filter 'timeout*' --report "text=$scratch/report"
) >"$scratch/out" 2>"$scratch/err" </dev/null &
running=$!

# While it goes on: what everybody may read of its processes, and what keys
# there are at all, which the gateway alone is told.
looks=0
while kill -0 "$running" 2>/dev/null; do
    for process in $(ours); do
        cat "$process/cmdline" >>"$scratch/arguments"
        grep -aohE "$key" "$process/environ" >>"$scratch/keys"
    done 2>/dev/null
    looks=$((looks + 1))
    sleep 0.3
done
code=0
wait "$running" || code=$?
sort -u "$scratch/keys" >"$scratch/known"
expect_code 0 "a run that is watched"
expect_true "the run was looked at $looks times only" test $looks -gt 3
expect_true "no gateway was seen with its keys" \
    test "$(wc -l <"$scratch/known")" -gt 6
expect_true "no arguments of a gateway were seen" \
    grep -qa -- --access-log "$scratch/arguments"
expect_true "a key stands in the arguments of a process" \
    test "$(grep -caE "$key" "$scratch/arguments")" = 0
expect_true "a key stands in what the run left behind" \
    test -z "$(grep -rlFf "$scratch/known" "$scratch/runs" "$scratch/out" \
        "$scratch/err" "$scratch/report")"
expect_true "nothing was left behind that could hold one" \
    grep -qr primary.key "$scratch/runs"

# A mock of its own with a journal.
"$GATEDRILL_BIN/gatedrill-mock" --admin 127.0.0.1:0 \
    --journal "$scratch/journal" >"$scratch/ready" &
mock=$!
until_true 5 test -s "$scratch/ready"
admin=$(sed -E 's/.*"admin":"([^"]*)".*/\1/' "$scratch/ready")
run gatedrill run --gateway refgw --out "$scratch/journaled" --filter 'auth*' \
    --seed 7 --mock "$admin"
expect_code 0 "a run with a mock that keeps a journal"
expect_file "$scratch/journal" "the journal"
expect_true "a key stands in the journal" \
    test "$(grep -cFf "$scratch/known" "$scratch/journal")" = 0
kill "$mock"
wait "$mock" 2>/dev/null

# What leaked is kept apart, for its owner alone; nothing else names a key.
cp -r "$GATEDRILL_SOURCE/harness/gateways/refgw" "$scratch/leaky"
sed -i 's|"${bin}/gatedrill-refgw",|& "--bug", "key-in-log-at-error",|' \
    "$scratch/leaky/profile.json"
run gatedrill run --gateway "$scratch/leaky/profile.json" --seed 7 \
    --out "$scratch/leaked" --filter 'transient/5xx-once*'
expect_code 1 "a gateway that writes its key into a log"
leaked=$(run_folder "$scratch/leaked")
expect_true "what leaked was not kept" \
    test -n "$(grep -rlE "$key" "$leaked/quarantine")"
expect_true "what leaked can be read by others" \
    test -z "$(find "$leaked/quarantine" -perm /077)"
expect_true "what leaked stands elsewhere too" \
    test -z "$(grep -rlE "$key" "$leaked" "$scratch/out" "$scratch/err" |
        grep -v "^$leaked/quarantine/")"
expect_true "the manifest names what leaked" \
    test "$(grep -c quarantine "$leaked/manifest.json")" = 0

# Each of the three dies as by a fault of its own. That of the harness is last:
# its guardian ends what is left.
cores() { find "$scratch" -name '*core*' -not -path '*/inputs/*' -type f; }
(
    ulimit -c unlimited 2>/dev/null
    cd "$scratch/here" || exit
    TMPDIR=$scratch/tmp exec "$GATEDRILL_BIN/gatedrill" run --gateway refgw \
        --out "$scratch/killed" --seed 7
) >"$scratch/out" 2>"$scratch/err" </dev/null &
running=$!
has_gateway() { [ -n "$(work_for gatedrill-refgw)" ]; }
until_true 20 has_gateway
kill -STOP "$running"
for name in gatedrill-refgw gatedrill-mock gatedrill; do
    process=$(work_for "$name" | head -1)
    expect_true "$name: is not there" test -n "$process"
    expect_true "$name: its core file has no bound" \
        grep -qE '^Max core file size +[01] +[01] ' "$process/limits"
    expect_true "$name: its core file would hold memory" \
        test "$((16#$(cat "$process/coredump_filter")))" = 0
    kill -ABRT "${process#/proc/}"
    kill -CONT "${process#/proc/}"
    ended() { ! [ -d "$process" ] || grep -q '^State:.*[ZX]' "$process/status"; }
    expect_true "$name: does not end" until_true 5 ended
    expect_true "$name: left a core file: $(cores)" test -z "$(cores)"
done 2>/dev/null
wait "$running" 2>/dev/null
nobody_works() { [ -z "$(left_behind)" ]; }
expect_true "somebody is left" until_true 10 nobody_works
