#!/bin/bash
# Where nothing can be written the harness says so and ends with 4.
. "$(dirname "$0")/lib.bash"

echo "a file, not a folder" >"$scratch/file"
run gatedrill run --gateway refgw --suite promotion --out "$scratch/file"
expect_code 4 "an output folder that is a file"
expect_text err "$scratch/file" "which path"
expect_nobody_left "an output folder that is a file"

run gatedrill run --gateway refgw --suite promotion --out "$scratch/runs" \
    --report "junit=$scratch/file/junit.xml"
expect_code 4 "a report that cannot be written"
expect_text err "$scratch/file/junit.xml" "which path"

# A file that may not grow any more.
limited() (
    ulimit -f 200
    gatedrill run --gateway refgw --out "$scratch/limited"
)
run limited
expect_code 4 "a file size limit"
expect_text err "File too large" "a file size limit"
expect_text err "are whole in" "what is safe under a limit"
expect_nobody_left "a file size limit"

# A disk that is full in the middle of a run; needs the right to mount one.
mkdir "$scratch/small"
if mount -t tmpfs -o size=192k none "$scratch/small" 2>/dev/null; then
    run gatedrill run --gateway refgw --out "$scratch/small"
    expect_code 4 "a full disk"
    expect_text err "No space left on device" "a full disk"
    expect_text err "are whole in" "what is safe on disk"
    expect_nobody_left "a full disk"
    folder=$(run_folder "$scratch/small")
    expect_true "a full disk leaves no manifest" \
        test ! -e "$folder/manifest.json"
    umount "$scratch/small"
fi

# A mock that dies takes the run with it: no gateway is to blame for that.
"$GATEDRILL_BIN/gatedrill" run --gateway refgw --out "$scratch/dies" \
    >"$scratch/out" 2>"$scratch/err" </dev/null &
running=$!
until_true 20 pkill -KILL -P "$running" gatedrill-mock
code=0
wait "$running" || code=$?
expect_code 4 "the mock dies"
expect_text err "gatedrill-mock" "who died"
expect_nobody_left "the mock dies"
