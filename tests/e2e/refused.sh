#!/bin/bash
# Broken input is refused with file, place, value and range; nothing is run.
. "$(dirname "$0")/lib.bash"

shipped=$GATEDRILL_SOURCE/harness/gateways/nginx
healthy=$GATEDRILL_SOURCE/scenarios/control/healthy.json

# Text of a file with one thing changed. What does not change is a mistake here.
changed() { # file, sed script
    local text
    text=$(sed -E "$2" "$1")
    if [ "$text" = "$(cat "$1")" ]; then
        fail "sed '$2' changes nothing in $1" >&2
    fi
    printf '%s\n' "$text"
}

refused() { # what it is about, texts of the message...
    local about=$1 text
    shift
    expect_code 2 "$about"
    for text; do
        expect_text err "$text" "$about"
    done
    expect_true "$about: something was run" test ! -e "$scratch/runs"
    rm -rf "$scratch/runs"
    expect_true "$about: one message, not a crash" \
        test "$(wc -l <"$scratch/err")" -le 4
}
drill() { run gatedrill run --out "$scratch/runs" "$@"; }

scenario() { # about, sed script on control/healthy.json, texts
    local about=$1 script=$2
    shift 2
    mkdir -p "$scratch/s/control"
    changed "$healthy" "$script" >"$scratch/s/control/healthy.json"
    drill --scenarios "$scratch/s"
    refused "$about" "s/control/healthy.json" "$@"
    run gatedrill lint "$scratch/s/control/healthy.json"
    refused "lint: $about" "s/control/healthy.json" "$@"
}
scenario "an unknown key" 's/"title"/"titel"/' '$.titel' 'title'
scenario "a repeated key" 's/("title": .*)/\1 "title": "again",/' 'title'
scenario "trailing text" '$ s/$/ and more/' ''
scenario "an unknown fault" 's/"none"/"nonee"/' \
    '$.upstreams.primary[0].fault' 'nonee'
scenario "a parameter the fault does not read" \
    's/"fault": "none"/"fault": "none", "percent": 50/' \
    '$.upstreams.primary[0].percent'
scenario "a missing parameter" 's/"none"/"status"/' \
    '$.upstreams.primary[0]' '"status" is missing'
scenario "a value out of range" \
    's/"fault": "none"/"fault": "status", "status": 42/' \
    '$.upstreams.primary[0].status' '42' '100..999'
scenario "a wrong type" 's/"fault": "none"/"fault": "delay", "ms": "soon"/' \
    '$.upstreams.primary[0].ms'
scenario "a name that the matrix lacks" 's/"\$\{stream\}"/"${steam}"/' \
    '$.client.stream' 'steam'
scenario "an unknown point" \
    's/"fault": "none"/"fault": "close", "at": "evnt:5"/' \
    '$.upstreams.primary[0].at' 'evnt:5'
scenario "an id that is not its path" 's/control\/healthy"/control\/hale"/' \
    '$.id' 'control/hale'
scenario "an unknown evidence type" 's/"contract"/"contrakt"/' \
    '$.evidence_type' 'contrakt' 'contract'
rm -r "$scratch/s"

printf '{"a": "\xff"}' >"$scratch/broken.json"
run gatedrill lint "$scratch/broken.json"
refused "invalid UTF-8" "broken.json" "UTF-8"
: >"$scratch/broken.json"
run gatedrill lint "$scratch/broken.json"
refused "an empty file" "broken.json"
run gatedrill lint "$scratch/absent.json"
refused "a file that is not there" "absent.json"
run gatedrill lint "$scratch"
refused "a folder" "$scratch"
for text in null '[]' 1e999; do
    printf '%s' "$text" >"$scratch/broken.json"
    run gatedrill lint "$scratch/broken.json"
    refused "a document that is $text" "broken.json: $" "is not an object"
done
printf '{"timeouts":{"header_ms":"1000"}}' >"$scratch/broken.json"
run gatedrill lint "$scratch/broken.json"
refused "a runbook of one section" "broken.json: $.timeouts.header_ms" '"1000"'

gateway() { # about, file, sed script, texts
    local about=$1 file=$2 script=$3
    shift 3
    mkdir -p "$scratch/g"
    cp "$shipped"/*.json "$shipped"/*.in "$scratch/g/"
    changed "$shipped/$file" "$script" >"$scratch/g/$file"
    drill --gateway "$scratch/g/profile.json"
    refused "$about" "$scratch/g/" "$@"
    rm -r "$scratch/g"
}
gateway "profile: an unknown key" profile.json 's/"sinks"/"sinkz"/' \
    '$.sinkz' 'sinks'
gateway "profile: no command" profile.json '/"command"/d' '$.start.command'
gateway "profile: an unknown signal" profile.json 's/"TERM"/"TREM"/' \
    '$.start.stop.signal' 'TREM'
gateway "profile: a value out of range" profile.json \
    's/"timeout_ms": 5000/"timeout_ms": 5/' '$.start.ready.timeout_ms' '5' \
    '100..120000'
gateway "profile: an unknown sink" profile.json 's/"stdout"/"sdtout"/' \
    '$.sinks[0].kind' 'sdtout'
gateway "profile: an unknown name in a template" profile.json \
    's/\$\{gateway.port\}/${gatway.port}/' 'gatway.port'
gateway "runbook: an unknown key" runbook.json 's/"budget"/"bugdet"/' \
    '$.retry.bugdet' 'budget'
gateway "runbook: an unknown failure class" runbook.json \
    's/"http_429", "http_500"/"http_4290", "http_500"/' '$.retry.on[0]' \
    'http_4290'
gateway "runbook: a value out of range" runbook.json \
    's/"budget": 2/"budget": 21/' '$.retry.budget' '21' '0..20'
gateway "runbook: buckets that do not rise" runbook.json \
    's/250, 1000/1000, 250/' '$.elapsed_buckets_ms[1]' '250'
gateway "profile: no runbook beside it" profile.json \
    's/"runbook.json"/"absent.json"/' 'g/absent.json'
gateway "profile: no template beside it" profile.json \
    's/"nginx.conf.in"/"absent.in"/' 'g/absent.in' \
    '$.start.files["nginx.conf"]'
gateway "template: an unknown name" nginx.conf.in \
    's/\$\{primary.port\}/${primery.port}/' 'primery.port' 'primary.port'

drill --gateway no-such-gateway
refused "an unknown gateway" "no-such-gateway" "gatedrill list gateways"
drill --suite no-such-suite
refused "an unknown suite" "no-such-suite" "promotion"
drill --filter 'no/such-case*'
refused "no case is chosen" "no/such-case*" "gatedrill list scenarios"
drill --scenarios "$scratch/absent"
refused "scenarios that are not there" "$scratch/absent"
drill --shard 3/2
refused "a shard that is none" "--shard" "3/2"
drill --report pdf
refused "an unknown report" "--report" "pdf"
drill --jobs 0
refused "no jobs" "--jobs" "0" "1..256"
drill --gatewy nginx
refused "a slip of the finger" "--gatewy" "--gateway"
drill --environment production
refused "production" "production" "--allow-production"
drill --expect "$scratch/absent.json"
refused "verdicts that are not there" "absent.json"
run gatedrill drill
refused "an unknown subcommand" "drill"
run gatedrill
expect_code 2 "no subcommand"

run "$GATEDRILL_BIN/gatedrill-mock" --listen primary
refused "mock: a listener without an address" "primary"
run "$GATEDRILL_BIN/gatedrill-mock" --dialect latin
refused "mock: an unknown dialect" "latin" "cometapi"
run "$GATEDRILL_BIN/gatedrill-mock" --listen primary=0.0.0.0:0 --admin 0.0.0.0:0
refused "mock: an open admin port without a token" "--admin-token-file"
