#!/bin/bash
# The subcommands that run nothing: list, explain, lint, report, help.
. "$(dirname "$0")/lib.bash"

run gatedrill --version
expect_code 0 "--version"
run gatedrill help
expect_code 0 "help"
expect_text out "explain" "help names the subcommands"

for what in scenarios faults checks gateways reports; do
    run gatedrill list "$what"
    expect_code 0 "list $what"
    expect_file "$scratch/out" "list $what"
    run gatedrill list "$what" --json
    expect_code 0 "list $what --json"
done
run gatedrill list scenarios
expect_text out "transient/5xx-once" "list scenarios"
run gatedrill list gateways
expect_text out "haproxy-bad-auth" "list gateways"

run gatedrill explain 'transient/5xx-once[status=503,stream=false]' --gateway nginx
expect_code 0 "explain"
expect_text out "primary" "explain names the upstream"
expect_text out "503" "explain names the fault"
run gatedrill explain no/such-case --gateway nginx
expect_code 2 "explain of an unknown case"
expect_text err "no/such-case" "explain of an unknown case"

mapfile -t files < <(find "$GATEDRILL_SOURCE/scenarios" \
    "$GATEDRILL_SOURCE/harness/gateways" -name '*.json' \
    -not -path '*/schema/*' -not -path '*/fixtures/*' -not -path '*/suites/*' \
    -not -name 'package*.json')
run gatedrill lint "${files[@]}"
expect_code 0 "lint of all that ships"
keyed=$scratch/keyed
cp -r "$GATEDRILL_SOURCE/harness/gateways/refgw" "$keyed"
sed -i 's|"--config",|"--key", "${primary.key}", "--config",|' \
    "$keyed/profile.json"
run gatedrill lint "$keyed/profile.json"
expect_code 0 "lint of a profile with a key in the arguments"
expect_text err 'warning: a key in the arguments' "lint warns of it"
sed -i 's|"kind": "syslog"|"kind": "sqlite"|' "$keyed/profile.json"
run gatedrill lint "$keyed/profile.json"
expect_code 2 "lint of a sink without what it needs"
expect_text err 'a sink of kind sqlite needs "path", such as' \
    "lint says what it needs"

