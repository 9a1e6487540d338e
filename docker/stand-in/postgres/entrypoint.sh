#!/bin/bash
# POSTGRES_PASSWORD[_FILE], _USER, _DB, _INITDB_ARGS, _HOST_AUTH_METHOD and
# /docker-entrypoint-initdb.d/*.{sql,sql.gz,sh} on an empty data folder.
set -eo pipefail
case $1 in -*) set -- postgres "$@" ;; esac
[ "$1" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    find "$PGDATA" ! -user postgres -exec chown postgres '{}' +
    chmod 700 "$PGDATA"
    chown postgres /var/run/postgresql 2>/dev/null || true
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB POSTGRES_INITDB_ARGS; do
        file=${name}_FILE
        [ -z "${!file:-}" ] || export "$name=$(<"${!file}")"
    done
    user=${POSTGRES_USER:-postgres} db=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
    method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
        echo 'Error: Database is uninitialized and superuser password is not specified.' >&2
        exit 1
    fi
    eval "initdb --username=\"\$user\" --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") $POSTGRES_INITDB_ARGS"
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
    export PGUSER=$user PGPASSWORD=${POSTGRES_PASSWORD:-} PGDATABASE=$db PGHOST= PGHOSTADDR=
    pg_ctl -w -o "-c listen_addresses='' -p ${PGPORT:-5432}" start
    if [ "$db" != postgres ]; then
        psql -v ON_ERROR_STOP=1 --no-psqlrc -d postgres -v db="$db" <<<'CREATE DATABASE :"db";'
    fi
    run() { psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password; }
    for f in /docker-entrypoint-initdb.d/*; do
        case $f in
            *.sh) if [ -x "$f" ]; then "$f"; else . "$f"; fi ;;
            *.sql) run <"$f" ;;
            *.sql.gz) gunzip -c "$f" | run ;;
        esac
    done
    pg_ctl -m fast -w stop
    unset PGUSER PGPASSWORD PGDATABASE PGHOST PGHOSTADDR
    echo 'PostgreSQL init process complete; ready for start up.'
fi
exec "$@"
