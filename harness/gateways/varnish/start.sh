#!/bin/sh
# Starts varnishd in the folder given, on the port given, with its log written
# to a file: it keeps none by itself. All of it ends with the process group.
set -eu
work=$1
port=$2

varnishlog -n "$work/v" -t off -g raw -u -A -w "$work/varnish.log" &
# The first lines in the log show that nothing is missed from then on; default.vcl
# says ready when it sees the file.
(
    until [ -s "$work/varnish.log" ]; do
        sleep 0.05
    done
    : >"$work/log-attached"
) &
# What a client sends in its headers, its key among it, stays out of the log.
exec varnishd -F -j none -n "$work/v" -a "127.0.0.1:$port" \
    -f "$work/default.vcl" -s malloc,32m \
    -p max_retries=3 -p backend_remote_error_holddown=0 \
    -p vsl_space=4m -p vsl_mask=-ReqHeader,-BereqHeader,-ReqUnset,-BereqUnset
