#!/bin/bash
# Figures of this machine: how long the mock takes until it serves, and how the
# wall time of the whole matrix compares with its longest case and its sum.
# Figures, not verdicts: exit code 1 only when something did not run.
set -euo pipefail
export LC_ALL=C.UTF-8
bin=${1:?the folder with the programs}
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

for gateway in refgw nginx haproxy; do
    start=$(now_us)
    code=0
    "$bin/gatedrill" run --gateway "$gateway" --out "$scratch/$gateway" \
        >"$scratch/out" 2>&1 || code=$?
    [ "$code" = 0 ] || [ "$code" = 1 ] || [ "$code" = 3 ] || {
        cat "$scratch/out"
        exit 1
    }
    printf 'full matrix, %-8s %8.1f s wall\n' "$gateway:" \
        "$(awk -v us=$(($(now_us) - start)) 'BEGIN { print us / 1e6 }')"
    tail -3 "$scratch/out" | sed 's/^/    /'
done
