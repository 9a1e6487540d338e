#!/bin/sh
# Stops and removes what up.sh started. Messages and accounts stay in their
# volumes; `docker/down.sh -v` deletes them as well.
set -eu
. "$(dirname "$0")/compose.sh"
compose --profile observe down --remove-orphans "$@"
