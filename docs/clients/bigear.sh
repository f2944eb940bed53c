#!/bin/sh
# Big Ear from a command line. Needs curl; openssl for push. HUB is the hub's address.
#   bigear.sh send TEXT [LAT LON]           send a complaint; prints reference and secret
#   bigear.sh show REF SECRET               where it is now, as JSON
#   bigear.sh add REF SECRET TEXT           add some words to it
#   bigear.sh push ACCOUNT SECRETFILE FILE  push items as the signed webhook (see ../api.md)
set -eu

HUB=${HUB:-http://127.0.0.1:8311}
api=$HUB/api/v1

# A text as a JSON string.
quoted() {
    printf '%s' "$1" | tr '\t\r' '  ' | sed 's/\\/\\\\/g; s/"/\\"/g' |
        awk 'NR > 1 { printf "\\n" } { printf "%s", $0 } BEGIN { printf "\"" } END { printf "\"" }'
}

# What is refused is shown with its code, and ends with 1.
ask() { curl --silent --show-error --fail-with-body "$@" || { echo; exit 1; }; }

key() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

case ${1:-} in
    send)
        body="{\"text\": $(quoted "$2")"
        if [ $# -ge 4 ]; then body="$body, \"lat\": $3, \"lon\": $4"; fi
        # The key makes it safe to try again: the same key and body are one complaint.
        answer=$(ask "$api/complaints" --retry 5 --retry-connrefused \
            -H "Idempotency-Key: $(key)" --json "$body}") ||
            { printf '%s\n' "$answer"; exit 1; }
        printf '%s\n' "$answer" | sed 's/.*"ref":"\([^"]*\)".*"secret":"\([^"]*\)".*/\1 \2/'
        ;;
    show)
        ask "$api/complaints/$2" -H "Authorization: Case $3"
        echo
        ;;
    add)
        ask "$api/complaints/$2/additions" -H "Authorization: Case $3" \
            --json "{\"text\": $(quoted "$4")}"
        echo
        ;;
    push)
        at=$(date +%s)
        # Other users of this machine can see the secret for a moment, as an argument of openssl.
        mac=$({ printf '%s.' "$at"; cat "$4"; } |
            openssl dgst -sha256 -hmac "$(cat "$3")" -r | cut -d ' ' -f 1)
        ask "$api/hooks/$2" -H "X-BigEar-Signature: t=$at,v1=$mac" --data-binary "@$4"
        echo
        ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
