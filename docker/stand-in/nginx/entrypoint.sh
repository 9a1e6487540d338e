#!/bin/sh
# Before nginx: every *.envsh in /docker-entrypoint.d is sourced and every *.sh run.
set -e
case $1 in nginx | nginx-debug)
    for f in /docker-entrypoint.d/*; do
        [ -x "$f" ] || continue
        case $f in *.envsh) . "$f" ;; *.sh) "$f" ;; esac
    done ;;
esac
exec "$@"
