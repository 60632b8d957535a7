#!/bin/sh
# The tools that the chart is checked with, at pinned versions, into .tools/bin: tools/kube.sh [helm|kubeconform|grpcurl]...
# Needs Go. Helm takes some four minutes of one core to build from nothing, the others less than one.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .tools/bin
[ $# -gt 0 ] || set -- helm
for tool in "$@"; do
  case $tool in
    helm) package=helm.sh/helm/v3/cmd/helm@v3.21.4 ;;
    kubeconform) package=github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0 ;;
    grpcurl) package=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 ;;
    *) echo "There is no $tool here." >&2; exit 2 ;;
  esac
  if [ "$(cat ".tools/bin/.$tool" 2> /dev/null)" != "$package" ]; then
    command -v go > /dev/null || { echo "Go is needed to build $tool (https://go.dev/dl)." >&2; exit 2; }
    echo "Building $package"
    GOBIN="$PWD/.tools/bin" go install "$package"
    echo "$package" > ".tools/bin/.$tool"
  fi
done
