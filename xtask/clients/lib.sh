# What the shell scripts share. Each takes BASE and kept|closed: where the server is, and whether it
# keeps connections.

set -u
base=$1
kept=$2
failures=0

# is NAME WANTED GOT: the two are the same.
is() {
    if [[ "$3" == "$2" ]]; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s: wanted %q, got %q\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

# has NAME PART WHOLE: the part is in the whole.
has() {
    if [[ "$3" == *"$2"* ]]; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s: wanted %q in:\n%s\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

# lacks NAME PART WHOLE: there is a whole, and the part is not in it.
lacks() {
    if [[ -n "$3" && "$3" != *"$2"* ]]; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s: did not want %q in:\n%s\n' "$1" "$2" "$3"
        failures=$((failures + 1))
    fi
}

# if_kept KEPT CLOSED: the one that fits this server.
if_kept() {
    if [[ $kept == kept ]]; then echo "$1"; else echo "$2"; fi
}

finish() {
    ((failures == 0)) || { printf '%s checks failed\n' "$failures"; exit 1; }
}
