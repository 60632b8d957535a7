#!/usr/bin/env bash
# Builds the images: docker/build.sh [SERVICE...]; all of them if none is named.
#   BASE_IMAGE   what to build on; debootstrap makes one of Debian's packages (see docs/deploy.md)
#   REGISTRY     goes before their names (localhost)     TAG   the version of pyproject.toml if not set
#   BUILDER      docker, podman or buildah; the first that works
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tag=${TAG:-$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -n 1)}
registry=${REGISTRY:-localhost}
revision=$(git rev-parse HEAD 2> /dev/null || echo unknown)
services=("$@")
[ ${#services[@]} -gt 0 ] || services=(identity matching payment notification rider_api jitney)

builder=${BUILDER:-}
if [ -z "$builder" ]; then
  if command -v docker > /dev/null && docker info > /dev/null 2>&1; then builder=docker
  elif command -v buildah > /dev/null; then builder=buildah
  elif command -v podman > /dev/null; then builder=podman
  else echo "Neither docker, buildah nor podman is here." >&2; exit 2; fi
fi

base=${BASE_IMAGE:-}
if [ "$base" = debootstrap ]; then
  base=localhost/jitney-base:bookworm
  if ! "$builder" inspect "$base" > /dev/null 2>&1 && ! "$builder" inspect --type image "$base" > /dev/null 2>&1; then
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,tzdata bookworm "$root/root" \
      "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" > "$root/log" || { tail -n 20 "$root/log" >&2; exit 1; }
    rm -rf "$root"/root/var/cache/apt/* "$root"/root/var/lib/apt/lists/*
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root/root" / > /dev/null
    buildah config --env LANG=C.UTF-8 "$container"
    buildah commit --quiet --rm "$container" "$base" > /dev/null
  fi
fi

# What tells pip here where packages come from, if anything does.
options=()
[ -z "$base" ] || options+=(--build-arg "BASE_IMAGE=$base")
for name in PIP_INDEX_URL PIP_DEFAULT_TIMEOUT; do
  [ -z "${!name:-}" ] || options+=(--build-arg "$name=${!name}")
done
case $builder in
  docker) build=(docker build) ;;
  # Docker's format: the other one has no health checks.
  *) build=("$builder" build --format docker --layers)
     options+=(--network host --ulimit nofile=1024:1024 --ulimit nproc=4096:4096)
     [ -z "${PIP_CERT:-}" ] || options+=(--volume "$PIP_CERT:/run/pip-cert.pem:ro" --build-arg PIP_CERT=/run/pip-cert.pem) ;;
esac

for service in "${services[@]}"; do
  echo "Building $registry/jitney-$service:$tag"
  "${build[@]}" "${options[@]}" -f docker/Dockerfile -t "$registry/jitney-$service:$tag" \
    --build-arg "SERVICE=$service" --build-arg "VERSION=$tag" --build-arg "REVISION=$revision" . > "${BUILD_LOG:-/dev/null}"
done
