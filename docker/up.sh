#!/bin/sh
# Builds the images, starts docker-compose.yml in the background, waits until all
# containers are healthy and prints the addresses.
#
#   docker/up.sh [--scale ws=4]
#
# It takes the options of `compose up`; settings come from the environment or from
# .env. It works with `docker compose` and docker-compose 1.29. Where base images
# cannot be pulled, it makes stand-ins for them.
set -eu
. "$(dirname "$0")/compose.sh"

# All base images must exist before the build: no Compose asks for a substitute.
missing=
bases=$(docker/stand-ins.sh --list)
for pair in $bases; do
    name=${pair%%=*} tag=${pair#*=}
    docker image inspect "$tag" >/dev/null 2>&1 && continue
    # After one failure the rest is not tried: without a registry each pull takes
    # long to fail.
    if [ -z "$missing" ] && docker pull "$tag"; then continue; fi
    missing="$missing $name"
done
if [ -n "$missing" ]; then
    echo "cannot pull:$missing; making stand-ins from Debian packages (about three minutes)"
    # shellcheck disable=SC2086 # a list of names
    docker/stand-ins.sh $missing
fi

VERSION=${VERSION:-$(scripts/version.sh)}
export VERSION
compose build ws1 chat             # ws2 to ws4 and ws share ws1's image
compose up -d --no-build "$@"

# Only Compose 2 has `up --wait`, so poll the engine until all are healthy.
deadline=$(($(date +%s) + 120))
while :; do
    states=$(compose ps -aq | xargs docker inspect -f \
        '{{.Name}} {{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}')
    waiting=$(echo "$states" | grep -v ' healthy$' || true)
    [ -n "$waiting" ] || break
    if [ "$(date +%s)" -ge "$deadline" ]; then
        echo 'not healthy after two minutes:' >&2
        echo "$waiting" >&2
        echo 'The containers still run; their logs say why (compose logs).' >&2
        exit 1
    fi
    sleep 0.5
done

# HAProxy has a slot for each elastic server that it sends clients to, as many as
# haproxy.cfg or the environment says.
slots=$(compose exec -T lb printenv ELASTIC_SLOTS ||
    sed -n 's/^ *presetenv ELASTIC_SLOTS \([0-9]*\).*/\1/p' haproxy/haproxy.cfg)
elastic=$(compose ps -q ws | wc -l)
if [ "$elastic" -gt "$slots" ]; then
    echo "HAProxy has $slots slots for $elastic servers of the service ws:" \
        "the rest get no clients. Set ELASTIC_SLOTS=$elastic" >&2
fi

# Ask for the published ports: .env may have changed them.
published() { compose port "$1" "$2" | sed 's/.*://'; }
cat <<END
page         http://localhost:$(published chat 8080)
room         ws://localhost:$(published lb 8080)           (wscat -c ws://localhost:$(published lb 8080))
statistics   http://localhost:$(published lb 8404)
more servers make up WS_SCALE=4     stop: make down
END
