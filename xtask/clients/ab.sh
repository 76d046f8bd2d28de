#!/usr/bin/env bash
# ab, which speaks HTTP/1.0: with and without its keep-alive, and with a body.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

requests=2000
printf 'a body' >body

# number LABEL OUTPUT: what stands behind the label, 0 if it is not there.
number() { sed -n "s/^$1: *\([0-9]*\).*/\1/p" <<<"$2" | grep . || echo 0; }

press() {
    local output
    output=$(ab -q -n $requests -c 20 -s 20 "${@:3}" 2>&1)
    is "$1: all are complete" $requests "$(number 'Complete requests' "$output")"
    is "$1: none failed" 0 "$(number 'Failed requests' "$output")"
    is "$1: every status is 200" 0 "$(number 'Non-2xx responses' "$output")"
    is "$1: connections kept" "$2" "$(number 'Keep-Alive requests' "$output")"
}
press 'GET' 0 "$base/"
press 'GET -k' "$(if_kept $requests 0)" -k "$base/"
press 'GET -k of 100 kB' "$(if_kept $requests 0)" -k "$base/bytes?n=100000"
press 'POST -k' "$(if_kept $requests 0)" -k -p body -T text/plain "$base/echo"
press 'HEAD -k' "$(if_kept $requests 0)" -k -i "$base/"

finish
