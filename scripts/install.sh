#!/usr/bin/env bash
# Installs by apt what the tests and `make cluster` need and this machine lacks.
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
daemons='redis-server haproxy nginx prometheus postgresql'
on_ubuntu() { grep -qs '^ID=ubuntu' "${OS_RELEASE:-/etc/os-release}"; }
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}

# missing NAME: succeeds if the program is not installed.
missing() {
  case $1 in
    # Debian's own python: another one does not see Debian's modules.
    websockets) ! /usr/bin/python3 -c 'import websockets' 2>/dev/null ;;
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
  echo "install: unknown program '$1'; this script knows:$(awk 'NF {printf " %s", $1}' <<<"$everything$browsers")" >&2
  return 1
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
[ $# -gt 0 ] || mapfile -t wanted < <(awk 'NF {print $1}' <<<"$everything")
lacking=()
packages=()
for name in "${wanted[@]}"; do
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
