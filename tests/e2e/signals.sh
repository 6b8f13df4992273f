#!/bin/bash
# A run that is stopped ends its children, keeps what is finished, and says so;
# a harness that is killed outright leaves nobody behind either.
. "$(dirname "$0")/lib.bash"

start() { # name
    mkdir "$scratch/tmp-$1"
    TMPDIR=$scratch/tmp-$1 "$GATEDRILL_BIN/gatedrill" run --gateway refgw --out "$scratch/$1" \
        --jobs 4 >"$scratch/out" 2>"$scratch/err" </dev/null &
    running=$!
    until_true 20 has_record "$scratch/$1"
    done=$((done + 1))
    if ! kill -0 "$running" 2>/dev/null; then
        fail "$1: ended before it could be stopped"
        show
    fi
}
has_record() { cat "$1"/*/records.jsonl 2>/dev/null | grep -q .; }
nobody_works() { [ -z "$(left_behind)" ]; }
folder_is_empty() { [ -z "$(ls -A "$1")" ]; }

for signal in INT TERM; do
    start "$signal"
    # A background job of a script ignores SIGINT: the harness must not.
    kill -"$signal" "$running"
    code=0
    wait "$running" || code=$?
    expect_code 130 "SIG$signal"
    expect_nobody_left "SIG$signal"
    folder=$(run_folder "$scratch/$signal")
    expect_text err "$folder" "where the finished records are"
    expect_file "$folder/records.jsonl" "SIG$signal"
    expect_true "SIG$signal: the working folder is gone" \
        test -z "$(ls -A "$scratch/tmp-$signal")"
    run gatedrill report "$folder"
    expect_text out "interrupted" "a report of a stopped run"
done

start KILL
kill -KILL "$running"
wait "$running" 2>/dev/null
expect_true "SIGKILL: somebody is left" until_true 5 nobody_works
expect_true "SIGKILL: the working folder is still there" \
    until_true 5 folder_is_empty "$scratch/tmp-KILL"
run gatedrill report "$(run_folder "$scratch/KILL")"
expect_text out "incomplete" "a report of a killed run"
