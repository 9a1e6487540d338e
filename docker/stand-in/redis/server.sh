#!/bin/sh
# The public image's redis-server is compiled with protected mode off by default.
# Debian's would refuse other containers.
case " $* " in *protected-mode*) exec /usr/bin/redis-server "$@" ;; esac
if [ -f "$1" ] && grep -qi '^ *protected-mode' "$1"; then exec /usr/bin/redis-server "$@"; fi
case ${1-} in -v | --version | -h | --help | --test-memory) exec /usr/bin/redis-server "$@" ;; esac
exec /usr/bin/redis-server "$@" --protected-mode no
