#!/bin/sh
# Before nginx starts, each *.envsh in /docker-entrypoint.d is sourced and each
# *.sh is run.
set -e
case $1 in nginx | nginx-debug)
    for f in /docker-entrypoint.d/*; do
        [ -x "$f" ] || continue
        case $f in *.envsh) . "$f" ;; *.sh) "$f" ;; esac
    done ;;
esac
exec "$@"
