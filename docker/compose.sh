# shellcheck shell=sh
# Sourced by up.sh and down.sh: finds the engine and the installed Compose.

cd "$(dirname "$0")/.." || exit 1

docker info >/dev/null 2>&1 || {
    echo 'No Docker engine answers. Is it running, and may you use it (group docker, or sudo)?' >&2
    echo 'Without Docker: `make run` is one server with everything in it, `make cluster` all of them.' >&2
    exit 1
}
if docker compose version >/dev/null 2>&1; then
    compose() { docker compose "$@"; }
elif command -v docker-compose >/dev/null; then
    compose() { docker-compose "$@"; }
else
    echo 'Neither `docker compose` nor `docker-compose` is installed.' >&2
    exit 1
fi
