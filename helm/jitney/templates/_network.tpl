{{- define "jitney.dns" -}}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
  ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end -}}

{{/* The bundled store's pod, or where the values say that the external one is. */}}
{{- define "jitney.toStore" -}}
{{- $own := index .root.Values .store -}}
{{- if $own.enabled -}}
- to:
    - podSelector:
        matchLabels: {{- include "jitney.selector" (dict "root" .root "name" .store) | nindent 10 }}
  ports: [{port: {{ .port }}}]
{{- else -}}
- to: {{- toYaml $own.networkPeers | nindent 4 }}
  ports:
{{- range $own.ports }}
    - {port: {{ . }}}
{{- end }}
{{- end -}}
{{- end -}}
