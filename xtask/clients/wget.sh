#!/usr/bin/env bash
# wget, which goes on where it left off, tries again by itself, and keeps connections where it may.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# --no-config: no ~/.wgetrc. One try: a second one would hide what the first one met.
fetch() { wget --no-config --no-proxy --tries 1 --timeout 20 "$@" 2>&1; }

is GET 'Hello, World!' "$(fetch -q -O - "$base/")"
is '--post-data' 'a little text' "$(fetch -q -O - --post-data 'a little text' "$base/echo")"
head -c 900000 /dev/zero | tr '\0' a >large
is '--post-file' 0 "$(fetch -q -O answer --post-file large "$base/echo"; cmp large answer; echo $?)"
is '--spider asks by HEAD' 0 "$(fetch -q --spider "$base/bytes?n=8000000"; echo $?)"
has '--content-on-error' 'nothing here' "$(fetch -q -O - --content-on-error "$base/none")"
has '--method=PUT' '405 Method Not Allowed' "$(fetch -O - --method=PUT --body-data=x "$base/")"
is '8 MB' 8000000 "$(fetch -q -O - "$base/bytes?n=8000000" | wc -c)"
is '--no-http-keep-alive' 'Hello, World!' "$(fetch -q -O - --no-http-keep-alive "$base/")"
has 'three URLs in a row are whole' 'Downloaded: 3 files' "$(fetch -P rows "$base/json" "$base/bytes?n=9" "$base/headers")"
is 'three URLs in a row on one connection' "$(if_kept 2 0)" \
    "$(fetch -P rows "$base/json" "$base/bytes?n=9" "$base/headers" | grep -c '^Reusing existing connection')"

# The rest of a file is asked for with Range. The server sends all of it, and wget skips what it has.
head -c 400000 /dev/zero | tr '\0' x >part
is '--continue' 0 "$(fetch -q -c -O part "$base/bytes?n=900000"; head -c 900000 /dev/zero | tr '\0' x | cmp part; echo $?)"
is '2 MB are refused' '413 Content Too Large' \
    "$(cat large large large >too-large; fetch -O answer --post-file too-large "$base/echo" | grep -o '413 .*Large')"

finish
