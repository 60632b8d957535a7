#!/bin/sh
# The tools that the chart is checked with, at pinned versions, into .tools/bin:
#   tools/kube.sh [helm|kubeconform|grpcurl|etcd|kube-apiserver]...
# Needs Go. From nothing, on one core: helm two and a half minutes, etcd two, kube-apiserver ten, the others less than one.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
mkdir -p .tools/bin
[ $# -gt 0 ] || set -- helm

# A module whose own replacements stand in the way of `go install` is built as a dependency of an empty one.
build_within() { # NAME PACKAGE MODULE VERSION
  mkdir -p "$root/.tools/src/$1"
  cd "$root/.tools/src/$1"
  file=$(go mod download -json "$3@$4" | sed -n 's/^[[:space:]]*"GoMod": "\(.*\)",*$/\1/p')
  {
    printf 'module jitney.example/%s\n\n' "$1"
    grep '^go [0-9]' "$file"
    printf '\nrequire %s %s\n\n' "$3" "$4"
    # Kubernetes keeps its libraries in one tree with itself and publishes them as v0.
    sed -n "s|^[[:space:]]*\(k8s.io/[a-z/-]*\) => ./staging/.*|replace \1 => \1 v0.${4#v1.}|p" "$file"
  } > go.mod
  flags='-s -w'
  [ "$1" != kube-apiserver ] || flags="$flags -X k8s.io/component-base/version.gitVersion=$4
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$(echo "$4" | cut -d. -f2)"
  CGO_ENABLED=0 go build -mod=mod -ldflags "$flags" -o "$root/.tools/bin/$1" "$2"
  cd "$root"
}

for tool in "$@"; do
  case $tool in
    helm) package=helm.sh/helm/v3/cmd/helm version=v3.21.4 ;;
    kubeconform) package=github.com/yannh/kubeconform/cmd/kubeconform version=v0.8.0 ;;
    grpcurl) package=github.com/fullstorydev/grpcurl/cmd/grpcurl version=v1.9.3 ;;
    etcd) package=go.etcd.io/etcd/server/v3 version=v3.6.6 module=go.etcd.io/etcd/server/v3 ;;
    kube-apiserver) package=k8s.io/kubernetes/cmd/kube-apiserver version=v1.34.4 module=k8s.io/kubernetes ;;
    *) echo "There is no $tool here." >&2; exit 2 ;;
  esac
  [ "$(cat ".tools/bin/.$tool" 2> /dev/null)" != "$package@$version" ] || continue
  command -v go > /dev/null || { echo "Go is needed to build $tool (https://go.dev/dl)." >&2; exit 2; }
  echo "Building $package@$version"
  case $tool in
    etcd | kube-apiserver) build_within "$tool" "$package" "$module" "$version" ;;
    *) GOBIN="$root/.tools/bin" go install "$package@$version" ;;
  esac
  echo "$package@$version" > ".tools/bin/.$tool"
done
