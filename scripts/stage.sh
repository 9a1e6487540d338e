# Sourced by the other scripts: titles for their stages, one line about a stage
# that failed, and at the end how long each stage took.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin # where Debian has haproxy and nginx

# The script that was called first owns the list; scripts that it calls add to
# it.
if [ -z "${STAGE_TIMES:-}" ]; then
  STAGE_TIMES=$(mktemp)
  export STAGE_TIMES
  trap 'rm -f "$STAGE_TIMES"' EXIT
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

# stage_times: prints how long each stage took, and the sum.
stage_times() {
  printf '\n== how long it took\n'
  cat "$STAGE_TIMES"
  printf '\n== all passed, %d s\n' "$SECONDS"
}
