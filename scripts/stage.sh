# Sourced by lint.sh and test.sh: titles for the stages, and one clear line about the stage that failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PATH=$PATH:/usr/sbin:/sbin # Debian keeps haproxy and nginx there, away from users

# stage TITLE COMMAND...: runs the command under its title, and ends the script with its status if it fails.
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
}
