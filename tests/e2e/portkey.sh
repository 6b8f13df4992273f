#!/bin/bash
. "$(dirname "$0")/gateway.bash"
skip_unless "portkey is not installed: ./dev gateways" \
    node "$GATEDRILL_SOURCE/harness/gateways/portkey/start.mjs" --version
# Each job is a process of its own, and starting one is a second of work.
drill_gateway portkey --jobs 8
