#!/usr/bin/env bash
# Installs what the tests and `make cluster` need and this machine lacks: by apt,
# and a program that Debian does not have from source, by go.
#
#   scripts/install.sh                         everything but the other browsers
#   scripts/install.sh redis-server haproxy    these alone
#
# Debian starts a daemon as soon as it is installed, on its usual port. The tests
# start their own, so a daemon that this script installs starts neither now nor
# at the next boot. One that was installed before stays as it is.
set -euo pipefail

# Names and their Debian packages. `missing` below looks whether a name is
# installed.
everything='
redis-server redis-server
redis-cli    redis-tools
haproxy      haproxy
promtool     prometheus
initdb       postgresql
nginx        nginx
node         nodejs
tsc          node-typescript
wscat        node-ws
websockets   python3-websockets
python-socketio python3-socketio python3-aiohttp
chromium     chromium
chromium-headless-shell chromium-headless-shell
gcc          gcc libc6-dev
ip           iproute2
git          git
make         make
'
# Installed only by name, for `make browsers`: 500 MB.
browsers='
firefox-esr     firefox-esr
WebKitWebDriver webkit2gtk-driver
Xvfb            xvfb
'
# Names and the Go packages that they are built from, through the Go module proxy.
# They go into the user's cache, where all clones find them: see internal/need. A
# new version here replaces the old one.
built='
versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0
'
# Built only by name, for `make peers` and comparisons of the load tool: some
# minutes.
asked='
centrifugo github.com/centrifugal/centrifugo/v6@v6.9.1
'
cache=${XDG_CACHE_HOME:-${HOME:-}/.cache}/livechat/bin
daemons='redis-server haproxy nginx prometheus postgresql'
on_ubuntu() { grep -qs '^ID=ubuntu' "${OS_RELEASE:-/etc/os-release}"; }
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}

# missing NAME: succeeds if the program is not installed.
missing() {
  case $1 in
    # Debian's own python: another one does not see Debian's modules.
    websockets) ! /usr/bin/python3 -c 'import websockets' 2>/dev/null ;;
    python-socketio) ! /usr/bin/python3 -c 'import socketio, aiohttp' 2>/dev/null ;;
    # It may lack its modules. Debian's are where only Debian's node looks.
    wscat) ! NODE_PATH=${NODE_PATH:-/usr/share/nodejs} wscat --version >/dev/null 2>&1 ;;
    # Debian keeps these programs out of the PATH.
    initdb) ! compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null ;;
    # The race detector needs a C compiler and the headers.
    gcc) ! echo '#include <stdlib.h>' | gcc -E - >/dev/null 2>&1 ;;
    *) ! PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}

# packages_of NAME
packages_of() {
  local name packages
  while read -r name packages; do
    if [ "$name" = "$1" ]; then echo "$packages"; return; fi
  done <<<"$everything$browsers"
  echo "install: unknown program '$1'; this script knows:$(awk 'NF {printf " %s", $1}' \
    <<<"$everything$browsers$built$asked")" >&2
  return 1
}

# source_of NAME: prints the Go package of a program that is built, or fails.
source_of() { awk -v name="$1" '$1 == name {print $2; found = 1} END {exit !found}' <<<"$built$asked"; }

# build NAME PACKAGE@VERSION: unless that version is there. It takes a minute or
# more.
build() {
  local module=${2%@*} fresh
  command -v go >/dev/null || { echo "install: $1 is built from source, which needs go" >&2; return 1; }
  if go version -m "$cache/$1" 2>/dev/null | awk -v path="${module%/cmd/*}" -v version="${2#*@}" '
    $1 == "mod" && $2 == path && $3 == version {found = 1} END {exit !found}'; then
    return
  fi
  echo "install: building $1 ${2#*@} into $cache: once, for some minutes"
  mkdir -p "$cache"
  fresh=$(mktemp -d "$cache/build.XXXXXX")
  if ! GOBIN=$fresh GOFLAGS='' go install -ldflags='-s -w' "$2" || ! mv "$fresh/$1" "$cache/$1"; then
    rm -rf "$fresh"
    echo "install: $1 could not be built" >&2
    return 1
  fi
  rmdir "$fresh"
}

# install_as_root PACKAGE...
install_as_root() {
  export DEBIAN_FRONTEND=noninteractive
  if [ ! -e "$policy" ]; then # Debian runs it to ask whether a daemon may start; 101 means no
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  apt-get update -qq >/dev/null
  apt-get install -qq -y --no-install-recommends "$@" >/dev/null # errors go to stderr
  [ -d /run/systemd/system ] || return 0
  local package
  for package in "$@"; do
    case " $daemons " in *" $package "*) systemctl disable --quiet --now "$package" || true ;; esac
  done
}

# chromium_on_ubuntu: Ubuntu's package only fetches a snap, which needs snapd. It
# has no headless shell; the tests use Chromium then.
chromium_on_ubuntu() {
  if ! command -v snap >/dev/null; then
    echo "install: Ubuntu has chromium as a snap only and this machine has no snapd;" \
      "install a browser that answers to 'chromium'" >&2
    return 1
  fi
  "${root[@]}" snap install chromium
}

if [ "${1:-}" = --as-root ]; then
  shift
  install_as_root "$@"
  exit
fi

wanted=("$@")
[ $# -gt 0 ] || mapfile -t wanted < <(awk 'NF {print $1}' <<<"$everything$built")
lacking=()
packages=()
for name in "${wanted[@]}"; do
  if source=$(source_of "$name"); then
    build "$name" "$source"
    continue
  fi
  if [ "$name" = chromium-headless-shell ] && on_ubuntu; then continue; fi
  list=$(packages_of "$name")
  if missing "$name"; then
    lacking+=("$name")
    # shellcheck disable=SC2206 # one name may need several packages
    packages+=($list)
  fi
done
[ ${#lacking[@]} -gt 0 ] || exit 0

echo "install: missing here: ${lacking[*]}"
if ! command -v apt-get >/dev/null; then
  echo "install: this machine has no apt-get; please install them by hand (Debian's packages: ${packages[*]})" >&2
  exit 1
fi
root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || {
    echo "install: neither root nor sudo: please install ${packages[*]} by hand" >&2
    exit 1
  }
  root=(sudo)
fi
if on_ubuntu && [[ " ${packages[*]} " == *" chromium "* ]]; then
  chromium_on_ubuntu
  mapfile -t packages < <(printf '%s\n' "${packages[@]}" | grep -vx chromium)
fi
[ ${#packages[@]} -eq 0 ] || "${root[@]}" bash "$0" --as-root "${packages[@]}"

for name in "${lacking[@]}"; do
  if missing "$name"; then
    echo "install: $name is still missing after apt-get install of ${packages[*]}" >&2
    exit 1
  fi
done
