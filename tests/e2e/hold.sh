#!/bin/bash
# A gateway that does not start, never gets ready, finds its port taken, or dies
# in the middle: its cases are hold, with its last words; the run goes on.
. "$(dirname "$0")/lib.bash"

template=$GATEDRILL_SOURCE/harness/gateways/nginx

profile() { # name, command as JSON, ready as JSON
    mkdir -p "$scratch/$1"
    cp "$template/runbook.json" "$template/nginx.conf.in" "$scratch/$1/"
    cat >"$scratch/$1/profile.json" <<JSON
{
  "name": "$1",
  "environment": "ci",
  "route": {
    "name": "chat-primary",
    "url": "http://127.0.0.1:\${gateway.port}/v1/chat/completions",
    "template": "POST /v1/chat/completions"
  },
  "start": {
    "files": { "nginx.conf": "nginx.conf.in" },
    "command": $2,
    "ready": $3
  },
  "client": { "headers": { "Authorization": "Bearer \${client.key}" } },
  "upstreams": { "primary": {}, "fallback": {} },
  "sinks": [ { "kind": "stderr" }, { "kind": "file", "path": "\${work}/access.log", "activity": "optional" } ]
}
JSON
}
drill() { # name, further arguments
    local name=$1
    shift
    run gatedrill run --gateway "$scratch/$name/profile.json" \
        --out "$scratch/out-$name" "$@"
}
own_port='{ "tcp": "127.0.0.1:${gateway.port}", "timeout_ms": 3000 }'

profile dies '["sh", "-c", "echo cannot open the database >&2; exit 3"]' \
    "$own_port"
drill dies --filter control --filter transient
expect_code 3 "a gateway that ends at once"
expect_text out "cannot open the database" "its last words"
expect_text out "exit status 3" "how it ended"
expect_nobody_left "a gateway that ends at once"

profile absent '["no-such-gateway-program"]' "$own_port"
drill absent --filter control
expect_code 3 "a gateway that is not installed"
expect_text out "no-such-gateway-program" "which program"
expect_text out "cannot be started (\$.start.command)" "what to look at"

profile unready '["sleep", "600"]' \
    '{ "tcp": "127.0.0.1:${gateway.port}", "timeout_ms": 300 }'
drill unready --filter control
expect_code 3 "a gateway that never gets ready"
expect_text out "300 ms" "how long was waited"
expect_nobody_left "a gateway that never gets ready"

# A squatter answers on the port that this gateway insists on.
exec 3< <(exec "$GATEDRILL_BIN/gatedrill-mock" --listen primary=127.0.0.1:0 \
    --admin 127.0.0.1:0 2>"$scratch/squatter.err")
squatter=$!
IFS= read -r ready <&3
taken=$(sed -E 's/.*"primary":"http:\/\/127\.0\.0\.1:([0-9]+)".*/\1/' <<<"$ready")
nginx='["nginx", "-p", "${work}", "-c", "${work}/nginx.conf", "-e", "stderr"]'
profile taken "$nginx" \
    "{ \"tcp\": \"127.0.0.1:$taken\", \"timeout_ms\": 3000 }"
sed -i "s/127.0.0.1:\${gateway.port}/127.0.0.1:$taken/" \
    "$scratch/taken/nginx.conf.in"
drill taken --filter control/healthy
expect_code 3 "a gateway whose port is taken"
expect_text out "127.0.0.1:$taken is in use" "which port"
kill "$squatter"
exec 3<&-

# Dies after its second answer; the cases that follow get a new process.
profile mortal "[\"sh\", \"-c\", \"nginx -p \${work} -c \${work}/nginx.conf -e stderr & while [ \$(cat access.log 2>/dev/null | wc -l) -lt 2 ]; do sleep 0.01; done; echo out of memory, says the gateway >&2; kill -9 \$!; wait; exit 7\"]" \
    "$own_port"
drill mortal --filter 'control/healthy' --jobs 1
expect_code 3 "a gateway that dies in the middle"
expect_text out "exit status 7" "how it ended"
expect_text out "out of memory, says the gateway" "its last words"
expect_nobody_left "a gateway that dies in the middle"
