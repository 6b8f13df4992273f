#!/bin/bash
. "$(dirname "$0")/gateway.bash"
skip_unless "varnish is not installed: ./dev gateways" command -v varnishd
drill_gateway varnish
