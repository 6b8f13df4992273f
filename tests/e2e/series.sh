#!/bin/bash
# Two gateways in series are one gateway to their operator: what both try
# together must stay within what the runbook of the whole declares.
. "$(dirname "$0")/lib.bash"

shipped=$GATEDRILL_SOURCE/harness/gateways/refgw

chain() { # name, the front's retry budget
    local folder=$scratch/$1
    mkdir -p "$folder"
    cp "$shipped/runbook.json" "$folder/"
    cp "$shipped/refgw.json.in" "$folder/inner.json.in"
    cat >"$folder/outer.json.in" <<'JSON'
{
  "client_key_env": "CLIENT_KEY",
  "upstreams": [
    {
      "name": "inner",
      "base_url": "http://127.0.0.1:${gateway.port.inner}/v1",
      "key_env": "CLIENT_KEY"
    }
  ]
}
JSON
    cat >"$folder/outer.runbook.json" <<JSON
{
  "retry": { "budget": $2, "on": ["http_5xx"], "backoff": { "base_ms": 50, "jitter": "full" } },
  "fallback": { "order": ["inner"] },
  "auth": { "on_401": "fail_closed", "on_403": "fail_closed", "client_status": [401, 403], "client_keys": "checked" },
  "client_errors": { "upstream_4xx": "same", "exhausted": [502, 503, 504, 429], "all_failed": "last" },
  "timeouts": { "total_ms": 20000 },
  "stream": { "commit": "first_output", "after_commit": ["error_event", "abort"] },
  "upstreams": { "inner": { "credential": "own" } },
  "request": { "request_id": "kept" }
}
JSON
    # The front opens its port when the one behind it has.
    cat >"$folder/profile.json" <<'JSON'
{
  "name": "chain",
  "environment": "ci",
  "route": {
    "name": "chat-primary",
    "url": "http://127.0.0.1:${gateway.port}/v1/chat/completions",
    "template": "POST /v1/chat/completions"
  },
  "start": {
    "files": {
      "inner.json": "inner.json.in", "inner.rules.json": "runbook.json",
      "outer.json": "outer.json.in", "outer.rules.json": "outer.runbook.json"
    },
    "ports": ["inner"],
    "command": [
      "bash", "-c",
      "\"$0\" --listen 127.0.0.1:$1 --config inner.json --runbook inner.rules.json --access-log inner.log & until (: </dev/tcp/127.0.0.1/$1); do sleep 0.01; done; exec \"$0\" --listen 127.0.0.1:$2 --config outer.json --runbook outer.rules.json --access-log outer.log",
      "${bin}/gatedrill-refgw", "${gateway.port.inner}", "${gateway.port}"
    ],
    "env": {
      "CLIENT_KEY": "${client.key}", "PRIMARY_KEY": "${primary.key}",
      "FALLBACK_KEY": "${fallback.key}", "FALLBACK2_KEY": "${fallback2.key}",
      "PRIMARY_KEY_2": "${primary.key.2}", "PRIMARY_KEY_3": "${primary.key.3}",
      "FALLBACK_KEY_2": "${fallback.key.2}"
    },
    "pass_env": ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"],
    "ready": { "tcp": "127.0.0.1:${gateway.port}", "timeout_ms": 10000 },
    "stop": { "signal": "TERM", "timeout_ms": 2000 }
  },
  "client": { "headers": { "Authorization": "Bearer ${client.key}" } },
  "upstreams": {
    "primary": { "keys": 3, "model": "primary-model" },
    "fallback": { "keys": 2, "model": "fallback-model" },
    "fallback2": { "model": "fallback2-model" }
  },
  "process_reuse": "pooled",
  "sinks": [
    { "kind": "stdout" }, { "kind": "stderr" },
    { "kind": "file", "path": "${work}/inner.log" },
    { "kind": "file", "path": "${work}/outer.log" }
  ]
}
JSON
}

drill() { # name, further arguments
    local name=$1
    shift
    run gatedrill run --gateway "$scratch/$name/profile.json" \
        --out "$scratch/out-$name" --quiet --jobs 4 "$@"
}

chain once 0
drill once --filter 'transient/5xx-*' --filter 'control/healthy*'
expect_code 0 "one layer tries again"
expect_text out "conformance  PASS" "one layer tries again"

# Three times three attempts where three are declared.
chain multiplied 2
drill multiplied --filter 'transient/5xx-everywhere*'
expect_code 1 "both layers try again"
expect_text out "FAIL  transient/5xx-everywhere" "both layers try again"
expect_text out "attempts_total" "both layers try again"
expect_nobody_left "both layers"
