#!/bin/bash
# Figures of this machine: how long the mock takes until it serves, how the wall
# time of the whole matrix compares with its longest case and its sum, and how
# fast the detector searches beside grep -F with the same needles in plain only.
# Figures, not verdicts: exit code 1 only when something did not run, or the
# detector saw a canary where none is.
set -euo pipefail
export LC_ALL=C.UTF-8
bin=${1:?the folder with the programs}
mebibytes=${2:-100}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

now_us() { printf '%s' "${EPOCHREALTIME/./}"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# The ready line comes when every port is open.
ready_once() {
    local start line
    start=$(now_us)
    exec 3< <(exec "$bin/gatedrill-mock" --listen primary=127.0.0.1:0 \
        --listen fallback=127.0.0.1:0 --admin 127.0.0.1:0)
    local mock=$!
    IFS= read -r line <&3
    echo $(($(now_us) - start))
    kill -TERM "$mock"
    exec 3<&-
    case $line in
    *'"ready":true'*) ;;
    *) return 1 ;;
    esac
}

printf 'mock ready after exec, median of 20:  '
for _ in $(seq 20); do ready_once; done | median |
    awk '{ printf "%.1f ms\n", $1 / 1000 }'

# Peak resident set of a process in kB, while it lives.
peak_kb() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null || true; }

# Runs a drill and leaves its report in out, and harness_kb and mock_kb.
drill() {
    local pid mock= kb code=0
    harness_kb=0 mock_kb=0
    "$bin/gatedrill" run --out "$scratch/runs" --quiet "$@" \
        >"$scratch/out" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        kb=$(peak_kb "$pid")
        harness_kb=${kb:-$harness_kb}
        mock=${mock:-$(pgrep -P "$pid" gatedrill-mock || true)}
        kb=${mock:+$(peak_kb "$mock")}
        mock_kb=${kb:-$mock_kb}
        sleep 0.05
    done
    wait "$pid" || code=$?
    [ "$code" = 0 ] || [ "$code" = 1 ] || [ "$code" = 3 ] || {
        cat "$scratch/out"
        exit 1
    }
}

mb() { awk -v kb="$1" 'BEGIN { printf "%.0f", kb / 1024 }'; }

for gateway in refgw nginx haproxy; do
    drill --gateway "$gateway"
    printf 'full matrix, %s\n' "$gateway"
    grep -E '^  (total|time) ' "$scratch/out" | sed 's/^/  /'
done

printf 'wall time over the number of cases, refgw\n'
printf '    times  cases  wall s  longest s  ratio  harness MB  mock MB\n'
for times in 1 4 16; do
    drill --repeat "$times"
    sed -n 's/^  time  *\([0-9.]*\) s; longest case \([0-9.]*\) s.*/\1 \2/p' \
        "$scratch/out" >"$scratch/time"
    awk -v times="$times" -v harness="$(mb "$harness_kb")" \
        -v mock="$(mb "$mock_kb")" \
        -v cases="$(awk '/^  total/ { print $2 }' "$scratch/out")" \
        '{ printf "    %5d  %5d  %6.1f  %9.1f  %5.1f  %10d  %7d\n", times,
           cases, $1, $2, $1 / $2, harness, mock }' "$scratch/time"
done

echo "detector, $mebibytes MiB of each kind of benign text, by processor time:"
"$bin/bench-detect" "$mebibytes" "$scratch"
# Read once before, so that both find it in memory.
cat "$scratch/log" >/dev/null
TIMEFORMAT='%U %S'
{ time grep -cFf "$scratch/needles" "$scratch/log" >/dev/null || true; } 2>&1 |
    awk -v mib="$mebibytes" '{ printf "    %-14s %8.0f MB/s\n",
        "grep -F", mib * 1.048576 / ($1 + $2 + 0.001) }'
