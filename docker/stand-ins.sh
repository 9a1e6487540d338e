#!/bin/sh
# Makes stand-ins from Debian packages for the public base images that the
# Dockerfiles and the compose file name: for a machine that has a Docker engine and
# a Debian mirror, but no container registry.
#
#   sh docker/stand-ins.sh             all five: golang nginx haproxy redis postgres
#   sh docker/stand-ins.sh postgres    only those named
#   sh docker/stand-ins.sh --list      all five as name=tag
#
# It runs as root on Debian, any number of times. An image under one of these tags
# that it did not make (one that was pulled) stays. A stand-in that is up to date
# stays; one made by an older recipe is rebuilt. `docker image prune` removes the
# untagged images that builds leave.
#
# Each image is an ordinary Dockerfile in docker/stand-in/, on a base that is
# bootstrapped here. Mirror, keys, apt's settings and extra CA certificates are
# those of this machine. A stand-in has a subset of the public image's files at the
# same paths, so what works on it works on the public image, and what needs more
# fails here at once.
set -eu

suite=trixie                       # the Debian release that the public tags are built on
go_version=1.26                    # Go itself is taken from this machine
base=debian:$suite-slim

started=$(date +%s)
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/stand-ins.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP

say() { printf '[%3ds] %s\n' $(($(date +%s) - started)) "$*"; }
die() { printf 'stand-ins: %s\n' "$*" >&2; exit 1; }

# tag NAME: the public tag that NAME stands in for; the only list of them here.
tag() {
    case $1 in
        base) echo "$base" ;;
        golang) echo "golang:$go_version-$suite" ;;
        nginx) echo "nginx:stable-$suite" ;;
        haproxy) echo "haproxy:3.0-$suite" ;;
        redis) echo "redis:8-$suite" ;;
        postgres) echo "postgres:17-$suite" ;;
        *) return 1 ;;
    esac
}

# stamp NAME: changes with the recipe, with that of the base, and with Go. A label
# of the image keeps it.
stamp() {
    {
        sed -n -e '/^bootstrap() {/,/^}/p' -e '/^apt_[a-z]*() {/,/^}/p' "$0"
        [ "$1" = base ] || cat "$here/stand-in/$1"/*
        [ "$1" != golang ] || { sed -n '/^go_context() {/,/^}/p' "$0"; go env GOVERSION; }
    } | sha256sum | cut -c1-16
}

# wanted NAME: succeeds if the image has to be made.
wanted() {
    image=$(tag "$1")
    have=$(docker image inspect --format '{{index .Config.Labels "livechat.stand-in"}}|' "$image" 2>/dev/null) || have=absent
    case $have in
        absent) say "$image: making" ;;
        "$(stamp "$1")|") say "$image: up to date"; return 1 ;;
        '|' | '<no value>|') say "$image: a pulled image exists, kept"; return 1 ;;
        *) say "$image: an older stand-in, making it again" ;;
    esac
}

# apt's settings that this machine changed (proxies, dates), no translations, and
# no caches that would fill a layer.
apt_settings() {
    apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|ForceIPv)' | grep -v '""' || true
    echo 'Acquire::Languages "none";'
    echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };'
}

# sources.list for $suite from the mirrors that this machine has for its release.
apt_sources() {
    own=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' | sort -u |
        while read -r site name; do
            case $name in
                "$own" | "$own-security" | "$own-updates") echo "deb $site $suite${name#"$own"} main" ;;
            esac
        done
}

# bootstrap: Debian's smallest installation as the base image, with licences but
# without documentation.
bootstrap() {
    [ "$(. /etc/os-release; echo "$ID")" = debian ] || die 'needs Debian: the base is bootstrapped from its mirror'
    [ "$(id -u)" = 0 ] || die 'needs root: it bootstraps a Debian'
    command -v mmdebstrap >/dev/null || {
        say 'installing mmdebstrap'
        apt-get update -qq
        env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mmdebstrap >/dev/null
    }
    apt_settings >"$work/apt.conf"
    apt_sources >"$work/sources.list"
    grep -q "^deb [^ ]* $suite main" "$work/sources.list" || die 'apt knows no mirror yet: run apt-get update once'
    printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/locale/*' \
        'path-exclude=/usr/share/doc/*' 'path-include=/usr/share/doc/*/copyright' >"$work/dpkg.cfg"
    # Into a file, not a pipe: a pipe would hide its failure.
    mmdebstrap --mode=root --variant=minbase --quiet --aptopt="$work/apt.conf" --dpkgopt=force-unsafe-io \
        --customize-hook='rm -rf "$1"/usr/share/man/* "$1"/usr/share/locale/*' \
        --customize-hook='find "$1"/usr/share/doc -type f ! -name copyright -delete' \
        --customize-hook="cp $work/dpkg.cfg \"\$1\"/etc/dpkg/dpkg.cfg.d/docker" \
        "$suite" "$work/base.tar" - <"$work/sources.list"
    docker import --change "LABEL livechat.stand-in=$(stamp base)" --change 'CMD ["bash"]' \
        --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$work/base.tar" "$base" >/dev/null
    rm "$work/base.tar"
    say "$base: done"
}

# go_context DIR: this machine's Go, CA certificates and module proxy, for
# stand-in/golang/Dockerfile.
go_context() {
    case $(go env GOVERSION 2>/dev/null) in
        "go$go_version" | "go$go_version".*) ;;
        *) die "needs Go $go_version on this machine: the stand-in is made of it" ;;
    esac
    mkdir "$1/ca"
    cp /usr/local/share/ca-certificates/*.crt "$1/ca/" 2>/dev/null || true
    tar -C "$(go env GOROOT)" -cf "$1/go.tar" --exclude=./test --exclude=./doc --exclude=./api \
        --exclude=testdata --exclude='*_test.go' .
    for name in GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB GOINSECURE; do
        value=$(go env -changed "$name" 2>/dev/null | sed -n "s/^$name='\(.*\)'\$/\1/p")
        [ -z "$value" ] || echo "ENV $name=$value" >>"$1/Dockerfile"
    done
}

# build NAME: builds stand-in/NAME/Dockerfile in the host's network, where a mirror
# may be.
build() {
    image=$(tag "$1")
    cp -R "$here/stand-in/$1" "$work/$1"
    [ "$1" != golang ] || go_context "$work/$1"
    docker build --network host --label "livechat.stand-in=$(stamp "$1")" -t "$image" "$work/$1" >"$work/log" 2>&1 ||
        { tail -30 "$work/log" >&2; die "$image: the build failed"; }
    rm -rf "${work:?}/$1"
    say "$image: done"
}

default='golang nginx haproxy redis postgres'
if [ "${1-}" = --list ]; then
    for name in $default; do echo "$name=$(tag "$name")"; done
    exit 0
fi
docker version >/dev/null 2>&1 || die 'no Docker engine answers'
# shellcheck disable=SC2086 # a list of names
[ $# -gt 0 ] || set -- $default
need=
for name; do
    [ "$name" != base ] && tag "$name" >/dev/null || die "unknown image: $name (golang, nginx, haproxy, redis, postgres)"
    if wanted "$name"; then need="$need $name"; fi
done
[ -n "$need" ] || exit 0
if wanted base; then
    [ -n "$(apt_sources)" ] || apt-get update -qq       # apt has never run here
    bootstrap
fi
for name in $need; do build "$name"; done
