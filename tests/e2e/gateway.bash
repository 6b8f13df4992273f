# One gateway, the whole matrix, and the verdicts that are known. Sourced by the
# test of each gateway.
. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"

# Under a sanitizer everything works more and waits the same: fewer at once, or
# a starved gateway misses its own limits. What a check of time says of it is
# then known beforehand to be nothing: NAME-sanitized.json.
jobs=()
[ -z "${GATEDRILL_SANITIZE:-}" ] || jobs=(--jobs 8)
# Threads meet in the same places whatever a case is about: those families will
# do in which there is most of them.
some=()
[ "${GATEDRILL_SANITIZE:-}" != thread ] || some=(
    --filter 'client/*' --filter 'control/*' --filter 'herd/*' --filter 'leak/*'
    --filter 'state/*' --filter 'stream/*' --filter 'telemetry/*'
    --filter 'timeout/*'
)

# A gateway that is not on this machine is not drilled; ctest shows the skip.
skip_unless() { # what is missing, command that proves it is there
    local missing=$1
    shift
    if ! "$@" >/dev/null 2>&1; then
        echo "SKIPPED: $missing"
        exit 77
    fi
}

drill_gateway() { # profile, further arguments of run
    local gateway=$1
    local known=$GATEDRILL_SOURCE/tests/e2e/expect/$gateway
    shift
    [ -z "${GATEDRILL_SANITIZE:-}" ] || ! [ -e "$known-sanitized.json" ] ||
        known=$known-sanitized
    run gatedrill run --gateway "$gateway" --out "$scratch/runs" "${jobs[@]}" \
        "${some[@]}" --expect "$known.json" "$@"
    expect_code 0 "$gateway"
    sed -n '/./p' "$scratch/out" | tail -30
    local folder
    folder=$(run_folder "$scratch/runs")
    local file
    for file in evidence.json evidence.md run.json records.jsonl history.jsonl \
        manifest.json junit.xml summary.md; do
        expect_file "$folder/$file" "$gateway"
    done
    expect_nobody_left "$gateway"
}
