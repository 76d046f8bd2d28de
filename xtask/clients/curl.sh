#!/usr/bin/env bash
# curl, with the options that people reach for and some that they should not.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# -q: no ~/.curlrc. Nothing here may hang, so each transfer has a limit.
fetch() { curl -q --noproxy '*' -sS --max-time 20 "$@" 2>&1; }
# The status, and curl's own exit code when it is not 0: a cut or garbled answer is not a status.
status() {
    local code
    code=$(curl -q --noproxy '*' -s --max-time 20 -o answer -w '%{http_code}' "$@" 2>errors)
    local exit=$?
    if ((exit == 0)); then echo "$code"; else echo "$code, and curl ended with $exit: $(<errors)"; fi
}
alive() { is "alive after $1" 'Hello, World!' "$(fetch "$base/")"; }

head -c 900000 /dev/zero | tr '\0' a >large
head -c 2000000 /dev/zero | tr '\0' b >too-large

## What everybody asks
is GET 'Hello, World!' "$(fetch "$base/")"
is 'GET --raw' 'Hello, World!' "$(fetch --raw "$base/")"
is 'GET --json' '{"message":"Hello, World!"}' "$(fetch -H 'Accept: application/json' "$base/json")"
is 'GET -G --data-urlencode' 'waited 1 ms' "$(fetch -G --data-urlencode ms=1 "$base/wait")"
has 'HEAD names the length' 'Content-Length: 13' "$(fetch -I "$base/")"
is 'HEAD of 8 MB brings none' 200:0 "$(fetch -I -o headers -w '%{http_code}:%{size_download}' "$base/bytes?n=8000000")"
is 'POST text' 'a little text' "$(fetch -d 'a little text' "$base/echo")"
is 'POST nothing' '' "$(fetch -d '' "$base/echo")"
is 'POST from stdin' 'from stdin' "$(printf 'from stdin' | fetch --data-binary @- "$base/echo")"
is 'POST chunked, --data-binary' 'in chunks' \
    "$(printf 'in chunks' | fetch -H 'Transfer-Encoding: chunked' --data-binary @- "$base/echo")"
is 'POST chunked, -T -' 'in chunks' "$(printf 'in chunks' | fetch -X POST -T - "$base/echo")"
has 'POST -F' 'filename="answer"' "$(printf x >answer && fetch -F 'file=@answer' "$base/echo")"
has 'OPTIONS' 'Allow: GET, HEAD, OPTIONS' "$(fetch -i -X OPTIONS "$base/")"
is 'OPTIONS *' 204 "$(status -X OPTIONS --request-target '*' "$base")"
is '8 MB' 200:8000000 "$(fetch -o answer -w '%{http_code}:%{size_download}' "$base/bytes?n=8000000")"

## What is refused
is '404' 404 "$(status "$base/no/such/path")"
is '405' 405 "$(status -X PUT -d x "$base/")"
has '405 says what is allowed' 'Allow: POST, OPTIONS' "$(fetch -i "$base/echo")"
is 'a method that nobody knows' 501 "$(status -X BREW "$base/")"
is 'a method in lower case' 501 "$(status -X get "$base/")"
is 'TRACE' 501 "$(status -X TRACE "$base/")"
is '8 kB in a header' 200 "$(status -H "X-Long: $(head -c 8192 large)" "$base/headers")"
is '40 kB in a header' 431 "$(status -H "X-Long: $(head -c 40000 large)" "$base/")"
is '200 headers' 431 "$(status $(printf -- '-H X-%s:1 ' {1..200}) "$base/")"
is 'too long a path' 414 "$(status "$base/$(head -c 9000 large)")"
alive 'refusals'

## Bodies that wait for leave, and bodies that come too large
has 'Expect: 100-continue, 900 kB' 'HTTP/1.1 100 Continue' \
    "$(fetch -v -o answer -H 'Expect: 100-continue' --data-binary @large "$base/echo")"
is '900 kB come back' 0 "$(cmp large answer; echo $?)"
is '900 kB in chunks come back' 0 "$(fetch -X POST -T - -o answer "$base/echo" <large; cmp large answer; echo $?)"
refused() { for _ in {1..20}; do status "$@" --data-binary @too-large "$base/echo"; done | sort | uniq -c; }
is '2 MB are refused, 20 times' '     20 413' "$(refused)"
is '2 MB sent without asking are refused, 20 times' '     20 413' "$(refused -H 'Expect:')"
is '2 MB in chunks are refused, 20 times' '     20 413' "$(refused -H 'Expect:' -H 'Transfer-Encoding: chunked')"
# Slower than a server goes on reading for; the answer is there long before the body has been sent.
is '2 MB sent slowly are refused' 413 "$(status -H 'Expect:' --limit-rate 500k --data-binary @too-large "$base/echo")"
is '12 MB are refused' 413 "$(cat too-large{,,,,,} | status -H 'Expect:' --data-binary @- "$base/echo")"
is '12 MB in chunks are refused' 413 "$(cat too-large{,,,,,} | status -H 'Expect:' -X POST -T - "$base/echo")"
is '900 kB for nobody are refused' 404 "$(status -H 'Expect:' --data-binary @large "$base/none")"
alive 'large bodies'

## Other versions
is '--http1.0' 'Hello, World!' "$(fetch --http1.0 "$base/")"
lacks '--http1.0 gets no chunks' 'Transfer-Encoding' "$(fetch -i --http1.0 "$base/bytes?n=100")"
is '--http2 is served as 1.1' '200 1.1' "$(fetch --http2 -o answer -w '%{http_code} %{http_version}' "$base/")"
lacks '--http2 is never 101' 'HTTP/1.1 101' "$(fetch --http2 -v "$base/")"
is '--http2 with a body' 'a body' "$(fetch --http2 -d 'a body' "$base/echo")"
# Not spoken here: curl has to come back with an error of its own.
is 'HTTP/2 without asking is not served' no "$(fetch --http2-prior-knowledge "$base/" >answer && echo yes || echo no)"
is 'TLS is not served' no "$(fetch -k "https://${base#http://}/" >answer && echo yes || echo no)"
is 'a proxy protocol line is not served' 400 "$(status --haproxy-protocol "$base/")"
alive 'other protocols'

## Options that ask for what is not there, or for nothing
is '-r is ignored' 200:13 "$(fetch -r 0-10 -o answer -w '%{http_code}:%{size_download}' "$base/")"
lacks '--compressed gets no coding' 'Content-Encoding' "$(fetch -i --compressed "$base/bytes?n=1000")"
is '--compressed gets it whole' 1000 "$(fetch --compressed "$base/bytes?n=1000" | wc -c)"
is 'dots are left to the client' 'Hello, World!' "$(fetch "$base/a/../")"
is '--path-as-is' 404 "$(status --path-as-is "$base/a/../")"
is 'absolute-form' 'Hello, World!' "$(fetch --request-target "$base/" "$base/")"
is '-z is ignored' 200 "$(status -z '1 Jan 2030' "$base/")"
has 'Connection: close is answered in kind' 'Connection: close' "$(fetch -i -H 'Connection: close' "$base/")"
is 'a Host of its own' 'Hello, World!' "$(fetch -H 'Host: example.org' "$base/")"
is 'no Host at all' 400 "$(status -H 'Host:' "$base/")"

## Connections
connects() { fetch -o answer -o answer -o answer -w '%{num_connects}' "$@"; }
is 'three URLs in a row' "$(if_kept 100 111)" "$(connects "$base/" "$base/json" "$base/bytes?n=9")"
is 'three URLs in a row, --http1.0' 111 "$(connects --http1.0 "$base/" "$base/json" "$base/")"
is 'three URLs in a row, 1.0 and keep-alive' "$(if_kept 100 111)" \
    "$(connects --http1.0 -H 'Connection: keep-alive' "$base/" "$base/json" "$base/")"
is 'three bodies in a row' "$(if_kept 100 111)" "$(connects -d x "$base/echo" "$base/echo" "$base/echo")"
is 'three in a row, the second refused' "$(if_kept 100 111)" "$(connects "$base/" "$base/none" "$base/")"
is '-Z, fifty at a time' '     50 200' \
    "$(fetch -Z --parallel-max 50 --stderr meter -o 'part-#1' -w '%{http_code}\n' "$base/wait?ms=5&i=[1-50]" | sort | uniq -c)"
is '-Z brings fifty whole answers' '     50 waited 5 ms' "$(cat part-* | sort | uniq -c)"

## Clients that leave
curl -q --noproxy '*' -s --max-time 0.3 --limit-rate 1k -o answer "$base/bytes?n=8000000"
is '--max-time in mid-answer' 28 $?
curl -q --noproxy '*' -s --max-time 0.3 --limit-rate 1k -H 'Expect:' --data-binary @large -o answer "$base/echo"
is '--max-time in mid-request' 28 $?
curl -q --noproxy '*' -s --max-time 0.2 -o answer "$base/wait?ms=500"
is '--max-time before the answer' 28 $?
alive 'clients that left'

finish
