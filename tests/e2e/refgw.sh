#!/bin/bash
. "$(dirname "$0")/gateway.bash"
drill_gateway refgw
