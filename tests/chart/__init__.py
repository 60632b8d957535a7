"""The chart, rendered by helm and judged; skipped where there is no helm (`tools/kube.sh` brings it)."""
