#!/bin/bash
# Logs in to the server and asks for its health. Everything is built into bash, so that the password stands in no
# command line; reading has its own time limit, because a starting server may never answer its first request.
user="${OPENCODE_SERVER_USERNAME:-opencode}"
read -r -d '' password </run/opencode/password || [ -n "$password" ] || exit 1
login=$(printf '%s:%s' "$user" "$password" | base64 -w0)
exec 3<>"/dev/tcp/127.0.0.1/${OPENCODE_PORT:-4096}" || exit 1
printf 'GET /global/health HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\nConnection: close\r\n\r\n' "$login" >&3
read -r -t 2 status <&3 || exit 1
[[ $status == 'HTTP/1.1 200'* ]]
