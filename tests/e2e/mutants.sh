#!/bin/bash
# The judge judges: every seeded bug of the reference gateway is failed by the
# check meant for it, and the clean gateway fails nothing. Real limits of half
# a second are kept, which a sanitizer's slowness would break: without one only.
. "$(dirname "$0")/lib.bash"

# The page tells of every bug there is.
run "$GATEDRILL_BIN/gatedrill-refgw" --list-bugs
expect_code 0 "the list of bugs"
sed -n 's/^{"name":"\([^"]*\)".*/\1/p' "$scratch/out" | sort >"$scratch/bugs"
expect_true "at least 60 bugs" [ "$(wc -l <"$scratch/bugs")" -ge 60 ]
sed -n 's/^| `\([^`]*\)` .*/\1/p' "$GATEDRILL_SOURCE/docs/kill-matrix.md" |
    sort >"$scratch/page"
run diff "$scratch/bugs" "$scratch/page"
expect_code 0 "docs/kill-matrix.md names the bugs there are; run ./dev mutants"

run "$GATEDRILL_BIN/gatedrill-refgw" --listen 127.0.0.1:0 --config none \
    --runbook none --bug no-such-bug
expect_code 2 "an unknown bug"
expect_text err 'there is no bug "no-such-bug"' "an unknown bug"

if [ -z "${GATEDRILL_SANITIZE:-}" ]; then
    run "$GATEDRILL_BIN/gatedrill-mutants"
    expect_code 0 "the kill matrix"
    grep -v '^PASS' "$scratch/out"
fi
