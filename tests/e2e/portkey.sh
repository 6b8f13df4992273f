#!/bin/bash
. "$(dirname "$0")/gateway.bash"
skip_unless "portkey is not installed: ./dev gateways" \
    node "$GATEDRILL_SOURCE/harness/gateways/portkey/start.mjs" --version
# One process of one thread serves all cases: more at once would drill its queue.
drill_gateway portkey --jobs 16
