# Sourced by the other scripts: titles for their stages, one line about a stage
# that failed, and at the end how long each stage took.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin # where Debian has haproxy and nginx

rubbish=() # what to remove at the end
trap 'rm -rf "${rubbish[@]}"' EXIT

# The script that was called first owns the list; scripts that it calls add to
# it.
if [ -z "${STAGE_TIMES:-}" ]; then
  STAGE_TIMES=$(mktemp)
  export STAGE_TIMES
  rubbish+=("$STAGE_TIMES")
fi

# stage TITLE COMMAND...: runs the command under its title. If it fails, the
# script ends with its status.
stage() {
  local title=$1 start=$SECONDS status=0
  shift
  printf '\n== %s\n' "$title"
  "$@" || status=$?
  if [ "$status" != 0 ]; then
    printf '\n== FAILED: %s (exit status %d)\n' "$title" "$status" >&2
    exit "$status"
  fi
  printf '   %d s\n' $((SECONDS - start))
  printf '%5d s  %s\n' $((SECONDS - start)) "$title" >>"$STAGE_TIMES"
}

# in_memory: from now on tests keep their files in memory, if it has room for them
# and programs can start from there. Each of PostgreSQL's databases is 300 files,
# and on a disk making them took half of its time.
in_memory() {
  local folder
  [ "$(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1)" -ge 4000 ] 2>/dev/null || return 0
  [ "$(awk '/^MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)" -ge 6000 ] || return 0
  folder=$(mktemp -d /dev/shm/livechat-XXXXXX)
  rubbish+=("$folder")
  chmod 755 "$folder" # PostgreSQL runs as another user
  printf '#!/bin/sh\n' >"$folder/starts" && chmod 755 "$folder/starts"
  "$folder/starts" 2>/dev/null || return 0
  export GOTMPDIR=${GOTMPDIR:-${TMPDIR:-/tmp}} TMPDIR=$folder # programs that Go links stay on the disk
}

# stage_times: prints how long each stage took, and the sum.
stage_times() {
  printf '\n== how long it took\n'
  cat "$STAGE_TIMES"
  printf '\n== all passed, %d s\n' "$SECONDS"
}
