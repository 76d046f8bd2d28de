#!/usr/bin/env bash
# h2load with --h1. Where connections are kept it pipelines, with -m.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

printf 'a body' >body

press() {
    local output
    output=$(h2load --h1 -n 2000 -t 1 -c 20 "${@:2}" 2>&1)
    has "$1: all succeeded" '2000 succeeded, 0 failed, 0 errored, 0 timeout' "$output"
    has "$1: every status is 2xx" 'status codes: 2000 2xx' "$output"
}
press 'GET' "$base/"
press 'POST' -d body "$base/echo"
if [[ $kept == kept ]]; then
    press 'GET, 8 in a pipeline' -m 8 "$base/"
    press 'POST, 8 in a pipeline' -m 8 -d body "$base/echo"
    press '100 kB, 8 in a pipeline' -m 8 "$base/bytes?n=100000"
fi

finish
