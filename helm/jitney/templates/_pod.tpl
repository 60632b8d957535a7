{{/* Labels and annotations of a pod; root, name. */}}
{{- define "jitney.podMetadata" -}}
labels: {{- include "jitney.labels" . | nindent 2 }}
{{- with .root.Values.podLabels }}{{ toYaml . | nindent 2 }}{{ end }}
{{- with .root.Values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* How every pod begins: it has no token of the cluster, and may pull its images. */}}
{{- define "jitney.podBasics" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where the pods of a component go. */}}
{{- define "jitney.podPlace" -}}
{{- $own := index .root.Values .component -}}
{{- with $own.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "jitney.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "jitney.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* A setting whose value is in a Secret. */}}
{{- define "jitney.fromSecret" -}}
- name: {{ .setting }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end -}}

{{/* What all processes read; root, name, facts. */}}
{{- define "jitney.env" -}}
{{- $full := include "jitney.fullname" .root -}}
{{- $values := .root.Values -}}
{{- $own := index $values .name -}}
{{- $secret := include "jitney.secret" (dict "root" .root "part" .facts.secret) }}
- name: JITNEY_ENVIRONMENT
  value: {{ $values.environment }}
- name: JITNEY_LOG_LEVEL
  value: {{ $values.logLevel }}
{{- if not .migrating }}
- name: JITNEY_LOG_LEVEL_FILE
  value: /run/logging/level
{{- end }}
- name: JITNEY_JWKS_FILE
  value: /run/secrets/jitney/jwks.json
- name: JITNEY_SIGNING_KEYS_DIR
  value: /run/secrets/jitney
- name: JITNEY_ENDPOINT_DELAY_SECONDS
  value: {{ $values.shutdown.endpointDelaySeconds | quote }}
- name: JITNEY_DRAIN_SECONDS
  value: {{ $values.shutdown.drainSeconds | quote }}
- name: JITNEY_MAX_CONNECTION_AGE_SECONDS
  value: {{ $values.shutdown.maxConnectionAgeSeconds | quote }}
{{- with $values.telemetry }}
{{- if .otlpEndpoint }}
- name: JITNEY_OTLP_ENDPOINT
  value: {{ .otlpEndpoint | quote }}
- name: JITNEY_TRACE_SAMPLE_RATIO
  value: {{ .sampleRatio | quote }}
{{- end }}
{{- end }}
{{- if and .facts.database (ne ($values.pooler | default "none") "none") }}
- name: JITNEY_DATABASE_POOLER
  value: {{ $values.pooler }}
{{- end }}
{{- range $callee := .facts.calls }}
- name: JITNEY_{{ upper $callee }}_TARGET
  value: {{ index $values.targets $callee | default (printf "dns:///%s-%s:%v" $full $callee (index $.all $callee).port) | quote }}
{{- end }}
{{ include "jitney.fromSecret" (dict "setting" "JITNEY_REDIS_URL" "secret" (include "jitney.secret" (dict "root" .root "part" "redis")) "key" "url") }}
{{- range $setting, $key := .facts.secrets }}
{{ include "jitney.fromSecret" (dict "setting" $setting "secret" $secret "key" $key) }}
{{- end }}
{{- if and $values.readReplica (eq .name "matching") (not .migrating) }}
{{ include "jitney.fromSecret" (dict "setting" "JITNEY_MATCHING_READ_DATABASE_URL" "secret" $secret "key" "read-database-url") }}
{{- end }}
{{- if .migrating }}
{{- range $setting, $key := .facts.migrating }}
{{ include "jitney.fromSecret" (dict "setting" $setting "secret" $secret "key" $key) }}
{{- end }}
{{- end }}
{{- range $setting, $file := .facts.files }}
- name: {{ $setting }}
  value: /run/secrets/jitney/{{ $file }}
{{- end }}
{{- $derived := dict }}
{{- if eq .name "payment" }}
{{- $psp := ternary (printf "http://%s-sandbox:8090/psp" $full) "https://api.stripe.com" $values.sandbox.enabled }}
{{- $_ := set $derived "JITNEY_PAYMENT_PSP_URL" $psp }}
{{- end }}
{{- if $values.ingress.enabled }}
{{- if eq .name "rest" }}{{ $_ := set $derived "JITNEY_REST_PROXIES" "1" }}{{ end }}
{{- with $values.ingress.hosts.rest }}
{{- if eq $.name "notification" }}{{ $_ := set $derived "JITNEY_NOTIFICATION_SHARE_URL" (printf "https://%s/v1/shared-rides/" .) }}{{ end }}
{{- end }}
{{- end }}
{{- /* What the values say of a setting wins over what follows from them. */}}
{{- range $setting, $value := merge (dict) $own.env $derived }}
- name: {{ $setting }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* The settings of mutual TLS, of whoever holds a certificate. */}}
{{- define "jitney.tlsEnv" -}}
- name: JITNEY_TLS_CERT_FILE
  value: /run/tls/tls.crt
- name: JITNEY_TLS_KEY_FILE
  value: /run/tls/tls.key
- name: JITNEY_TLS_CA_FILE
  value: /run/tls/ca.crt
{{- end -}}

{{- define "jitney.tlsMount" -}}
- name: tls
  mountPath: /run/tls
  readOnly: true
{{- end -}}

{{/* A certificate's volume; root, name. What cert-manager renews, the kubelet brings here. */}}
{{- define "jitney.tlsVolume" -}}
- name: tls
  secret:
    secretName: {{ include "jitney.fullname" .root }}-{{ .name }}-tls
    defaultMode: 0440
{{- end -}}

{{/* The key files of one component: its own signing key and what everybody may see. */}}
{{- define "jitney.keys" -}}
- name: keys
  projected:
    # Readable by the group that the pod runs as, by nobody else.
    defaultMode: 0440
    sources:
      - secret:
          name: {{ include "jitney.secret" (dict "root" .root "part" "jwks") }}
          items: [{key: jwks.json, path: jwks.json}]
{{- $files := concat (.facts.signs | list | compact) (values (.facts.files | default dict)) }}
{{- if $files }}
      - secret:
          name: {{ include "jitney.secret" (dict "root" .root "part" .facts.secret) }}
          items:
{{- range $files }}
            - {key: {{ . }}, path: {{ . }}}
{{- end }}
{{- end }}
- name: tmp
  emptyDir:
    medium: Memory
    sizeLimit: 64Mi
{{- end -}}

{{- define "jitney.mounts" -}}
- name: keys
  mountPath: /run/secrets/jitney
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- end -}}

{{/* One run of a service's migrations, as a container. */}}
{{- define "jitney.migration" -}}
- name: migrate-{{ .name }}
  image: {{ include "jitney.image" (dict "root" .root "image" .facts.image) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: [migrate]
  securityContext: {{- include "jitney.containerSecurity" . | nindent 4 }}
  env: {{- include "jitney.env" (merge (dict "migrating" true) .) | nindent 4 }}
  resources: {{- toYaml .root.Values.migrations.resources | nindent 4 }}
  volumeMounts:
    - name: keys-{{ .name }}
      mountPath: /run/secrets/jitney
      readOnly: true
    - name: tmp
      mountPath: /tmp
{{- end -}}
