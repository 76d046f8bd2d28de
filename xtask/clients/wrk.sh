#!/usr/bin/env bash
# wrk: two seconds of pressure, and not one answer that is wrong or cut.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

press() {
    local output
    output=$(wrk -t 1 -c 32 -d 2s --timeout 10s "${@:2}" 2>&1)
    lacks "$1: no socket errors" 'Socket errors' "$output"
    lacks "$1: every status is 200" 'Non-2xx' "$output"
    # An answer that wrk can't read is counted as an error; that there were answers at all is not said.
    local answers=0
    [[ $output =~ ([0-9]+)\ requests\ in ]] && answers=${BASH_REMATCH[1]}
    is "$1: answers" yes "$( ((answers > 100)) && echo yes || echo "$output")"
}
press 'GET /' "$base/"
press 'GET / with Connection: close' -H 'Connection: close' "$base/"
press 'GET /bytes?n=100000' "$base/bytes?n=100000"

finish
