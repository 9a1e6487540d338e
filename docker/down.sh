#!/bin/sh
# Stops and removes what up.sh started. The rooms' log stays in its volume; `docker/down.sh -v` drops that too.
set -eu
. "$(dirname "$0")/compose.sh"
compose --profile observe down --remove-orphans "$@"
