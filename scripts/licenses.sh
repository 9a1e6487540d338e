#!/usr/bin/env bash
# Prints the licences of all that programs of ours are made of besides our own
# code: those of Go, and of every module that is compiled into them for linux on
# amd64 or arm64. Releases and images have them as THIRD-PARTY-LICENSES. It needs
# the modules, but no network.
#
#   scripts/licenses.sh ./server ./load
#
# It fails for a module without a licence.
set -euo pipefail
shopt -s nullglob nocaseglob extglob

# packages FOLDER...: a line MODULE VERSION FOLDER-OF-MODULE FOLDER for each
# package of another module that the packages in these folders need.
packages() {
  local architecture
  for architecture in amd64 arm64; do
    CGO_ENABLED=0 GOOS=linux GOARCH=$architecture go list -deps \
      -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}} {{$.Dir}}{{end}}{{end}}' "$@"
  done | grep . | sort -u
}

# texts FOLDER: prints the licences in a folder, and whatever belongs to them.
texts() {
  local file
  for file in "$1"/@(licen[cs]e|copying|copyright|notice|patents)* "$1"/licen[cs]es/*; do
    if [ ! -f "$file" ] || [ ! -s "$file" ] || [[ $file == *.go ]]; then continue; fi
    printf '\n--- %s\n\n' "${file#"$top"/}"
    cat "$file"
    found=$name
  done
}

# section NAME: begins the section of a module, once that before it has a licence.
section() {
  if [ "$found" != "$name" ]; then
    echo "licenses.sh: $name has no licence in $top" >&2
    exit 1
  fi
  name=$1
  printf '\n\n%s\n%s\n' "${name//?/=}" "$name"
}

[ $# -gt 0 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
list=$(packages "$@") # fails here, not in a pipe
name='' found=''
declare -A seen=() # folders

echo 'What these programs are made of besides the code of livechat itself, and its'
echo 'licences.'
top=$(go env GOROOT)
version=$(go env GOVERSION)
section "Go ${version#go}"
texts "$top"
# A package may have another licence than its module, in a folder of its own.
while read -r module version folder package; do
  [ "$name" = "$module $version" ] || section "$module $version"
  top=$folder
  while [ -z "${seen[$package]:-}" ]; do
    seen[$package]=1
    texts "$package"
    [ "$package" != "$top" ] || break
    package=${package%/*}
  done
done <<<"$list"
section end >/dev/null # the last one, too
