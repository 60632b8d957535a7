{{- define "jitney.dns" -}}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
  ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{- end -}}

{{/* Pods of a component: this release's, or those of whichever release of the namespace runs it instead; root, name. */}}
{{- define "jitney.peer" -}}
{{- if (index .root.Values .name).enabled -}}
{{ include "jitney.selector" . }}
{{- else -}}
app.kubernetes.io/name: jitney-{{ .name }}
app.kubernetes.io/part-of: jitney
{{- end -}}
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
