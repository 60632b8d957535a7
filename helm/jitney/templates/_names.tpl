{{/* The release's name begins every name; `jitney secrets --release` makes Secrets by the same rule. */}}
{{- define "jitney.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "jitney.labels" -}}
{{ include "jitney.selector" . }}
app.kubernetes.io/part-of: jitney
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* What pods are found by: never more, since a Deployment's selector cannot change. */}}
{{- define "jitney.selector" -}}
app.kubernetes.io/name: jitney-{{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "jitney.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := printf "%s/jitney-%s" $image.registry .image -}}
{{- $name }}:{{ $image.tag | default .root.Chart.AppVersion -}}
{{- end -}}

{{/* The Secret of a part (identity, edge, redis, ...): the one that was named, or that of `jitney secrets`. */}}
{{- define "jitney.secret" -}}
{{- index .root.Values.secrets .part | default (printf "%s-%s" (include "jitney.fullname" .root) .part) -}}
{{- end -}}
