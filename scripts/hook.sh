#!/usr/bin/env bash
# Makes git run `make check` before each commit in this clone; `off` stops that.
# A commit with --no-verify skips it once.
set -euo pipefail
cd "$(dirname "$0")/.."

mark='# written by scripts/hook.sh'
hook=$(git rev-parse --git-path hooks)/pre-commit
if [ -e "$hook" ] && ! grep -qF "$mark" "$hook"; then
  echo "hook.sh: $hook is not ours and stays as it is" >&2
  exit 1
fi
if [ "${1:-}" = off ]; then
  rm -f "$hook"
  echo "removed $hook"
  exit
fi
mkdir -p "$(dirname "$hook")"
printf '#!/bin/sh\n%s\nexec make check\n' "$mark" >"$hook"
chmod +x "$hook"
echo "make check runs before each commit; make hook OFF=1 stops that"
