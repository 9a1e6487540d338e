#!/usr/bin/env bash
# Fails unless the installed Redis, HAProxy and PostgreSQL are of the versions
# given: scripts/versions.sh 8 3.0 17
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

# check NAME WANT HAVE
check() {
  echo "$1 $3"
  [[ $3 == "$2" || $3 == "$2".* ]] || { echo "versions: want $1 $2, have $3" >&2; exit 1; }
}

check Redis "$1" "$(redis-server --version | sed -E 's/.* v=([0-9.]+).*/\1/')"
check HAProxy "$2" "$(haproxy -v | sed -nE '1s/^HAProxy version ([0-9.]+).*/\1/p')"
initdb=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -1)
check PostgreSQL "$3" "$("$initdb" --version | sed -E 's/.* ([0-9]+(\.[0-9]+)*).*/\1/')"
