#!/bin/sh
# Starts `opencode serve` inside the container, as the process that tini looks after.
set -eu
usual_mask=$(umask)
umask 077

memory=/run/opencode
data="$XDG_DATA_HOME/opencode"

fail() {
  echo "opencode-start: $1" >&2
  exit "$2"
}

[ -w /data ] || fail 'The volume at /data is not writable.' 73
[ -w "$memory" ] || fail "$memory is not writable. Mount memory there: --tmpfs $memory:mode=1777" 73

# Password and environment come either the plain way, or (OPENCODE_AWAIT_ENVIRONMENT=1) written to memory by
# `exec` after the start. The latter keeps them out of `inspect`, of command lines and off the disk.
if [ "${OPENCODE_AWAIT_ENVIRONMENT:-}" = 1 ]; then
  tries=0
  until [ -e "$memory/environment" ]; do
    tries=$((tries + 1))
    [ "$tries" -le 600 ] || fail 'No environment was handed over within 30 seconds.' 75
    sleep 0.05
  done
  . "$memory/environment"
fi
if [ -z "${OPENCODE_SERVER_PASSWORD:-}" ] && [ -r "${OPENCODE_SERVER_PASSWORD_FILE:-/nonexistent}" ]; then
  OPENCODE_SERVER_PASSWORD=$(cat "$OPENCODE_SERVER_PASSWORD_FILE")
fi
[ -n "${OPENCODE_SERVER_PASSWORD:-}" ] || fail 'Set OPENCODE_SERVER_PASSWORD: a server without a password is not started.' 78
export OPENCODE_SERVER_PASSWORD
unset OPENCODE_AWAIT_ENVIRONMENT OPENCODE_SERVER_PASSWORD_FILE

mkdir -p "$HOME" "$XDG_CACHE_HOME" "$XDG_CONFIG_HOME" "$XDG_STATE_HOME" "$data"
# Credentials of model providers and MCP servers never reach the volume.
for name in auth.json mcp-auth.json; do
  rm -f "$data/$name"
  ln -s "$memory/$name" "$data/$name"
done
# For the health check, which does not see what was exported here.
printf '%s' "$OPENCODE_SERVER_PASSWORD" >"$memory/password"

umask "$usual_mask"

# Stays as the parent to tell what the kernel did, which not every engine does. Signals reach the whole group.
trap : TERM INT HUP
code=0
opencode serve --hostname "${OPENCODE_HOSTNAME:-0.0.0.0}" --port "$OPENCODE_PORT" "$@" || code=$?
kills=$(sed -n 's/^oom_kill //p' /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null || :)
if [ "$code" = 137 ] && [ "${kills:-0}" != 0 ]; then
  echo 'opencode-start: The server ran out of memory.' >&2
fi
free_kilobytes=$(df -Pk /data | sed -n '2s/^[^ ]* *[0-9]* *[0-9]* *\([0-9]*\).*/\1/p')
if [ "$code" != 0 ] && [ "${free_kilobytes:-9999}" -lt 1024 ]; then
  echo 'opencode-start: The disk of the volume at /data is full.' >&2
fi
exit "$code"
