#!/usr/bin/env bash
# Builds a release into dist/: the server and the load tool as static programs
# for linux on amd64 and arm64, a CycloneDX SBOM of each, their licences, and
# SHA256SUMS. Where a Docker engine answers it builds the images as well. All
# carry the version of scripts/version.sh. `make release`.
#
#   scripts/release.sh            programs, and images if it can
#   scripts/release.sh programs   programs alone
#   scripts/release.sh images     images alone
source "$(dirname "$0")/stage.sh"

VERSION=${VERSION:-$(scripts/version.sh)}
export VERSION TAG=${TAG:-$VERSION}
sbom_tool=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0

# program NAME PACKAGE ARCHITECTURE
program() {
  local file=dist/$1-$VERSION-linux-$3
  CGO_ENABLED=0 GOOS=linux GOARCH=$3 GOFLAGS=-buildvcs=false \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o "$file" "$2"
  go run "$sbom_tool" bin -json -version "$VERSION" -output "$file.cdx.json" "$file"
}

licenses() {
  cp LICENSE dist/
  scripts/licenses.sh ./server ./load >dist/THIRD-PARTY-LICENSES
}

programs() {
  rm -rf dist
  mkdir dist
  local architecture
  for architecture in amd64 arm64; do
    stage "server for $architecture" program livechat ./server "$architecture"
    stage "load tool for $architecture" program livechat-load ./load "$architecture"
  done
  stage 'licences' licenses
  (cd dist && sha256sum -- * >SHA256SUMS)
  ls -l dist
}

images() {
  stage 'server image' docker build -f docker/Dockerfile.back --build-arg "VERSION=$VERSION" -t "livechat-back:$TAG" .
  stage 'page image' docker build -f docker/Dockerfile.front --build-arg "VERSION=$VERSION" -t "livechat-front:$TAG" .
  stage 'load image' docker build -f docker/Dockerfile.load --build-arg "VERSION=$VERSION" -t "livechat-load:$TAG" .
}

case ${1:-all} in
  programs) programs ;;
  images) images ;;
  all)
    programs
    if docker info >/dev/null 2>&1; then images; else echo 'no Docker engine answers: no images'; fi
    ;;
  *) echo "release.sh: unknown part '$1'; the parts are programs and images" >&2; exit 2 ;;
esac
stage_times
