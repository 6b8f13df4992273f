#!/bin/bash
. "$(dirname "$0")/gateway.bash"
skip_unless "caddy is not installed" command -v caddy
drill_gateway caddy
