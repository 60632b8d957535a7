{{/* All that one component is: root, name, facts, all (the facts of all components). */}}
{{- define "jitney.component" -}}
{{- $own := index .root.Values .name -}}
{{- $full := printf "%s-%s" (include "jitney.fullname" .root) .name -}}
{{- $values := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $full }}
  labels: {{- include "jitney.labels" . | nindent 4 }}
spec:
{{- if not $own.autoscaling.enabled }}
  replicas: {{ $own.replicas }}
{{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels: {{- include "jitney.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  template:
    metadata: {{- include "jitney.podMetadata" . | nindent 6 }}
    spec:
      {{- include "jitney.podBasics" . | nindent 6 }}
      securityContext: {{- include "jitney.podSecurity" . | nindent 8 }}
      # Longer than the wait for endpoints, the calls in flight and the closing after them.
      terminationGracePeriodSeconds: {{ add $values.shutdown.endpointDelaySeconds $values.shutdown.drainSeconds 15 }}
      topologySpreadConstraints:
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "jitney.selector" $ | nindent 14 }}
{{- end }}
      {{- include "jitney.podPlace" (dict "root" .root "component" .name) | nindent 6 }}
      containers:
        - name: {{ .name }}
          image: {{ include "jitney.image" (dict "root" .root "image" .facts.image) }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          args: {{ toJson .facts.args }}
          securityContext: {{- include "jitney.containerSecurity" . | nindent 12 }}
          env: {{- include "jitney.env" . | nindent 12 }}
{{- if $values.tls.enabled }}{{ include "jitney.tlsEnv" . | nindent 12 }}
{{- if eq .facts.kind "grpc" }}
            - name: JITNEY_HEALTH_LISTEN
              value: 0.0.0.0:8085
{{- end }}
{{- end }}
          ports:
            - {name: {{ .facts.kind }}, containerPort: {{ .facts.port }}}
{{- if ne .facts.metrics .facts.port }}
            - {name: metrics, containerPort: {{ .facts.metrics }}}
{{- end }}
{{- if eq .facts.kind "grpc" }}
{{- /* The kubelet shows no certificate: with TLS it asks where health alone is told. */}}
{{- $probed := .facts.port }}
{{- if $values.tls.enabled }}
{{- $probed = 8085 }}
            - {name: health, containerPort: 8085}
{{- end }}
          # Five minutes to start in: behind a database that is being restored, a process must not be killed in a circle.
          startupProbe:
            grpc: {port: {{ $probed }}, service: liveness}
            periodSeconds: 3
            timeoutSeconds: 5
            failureThreshold: 100
          # Alive is whose event loop answers; what it depends on does not count.
          livenessProbe:
            grpc: {port: {{ $probed }}, service: liveness}
            periodSeconds: 15
            timeoutSeconds: 10
            failureThreshold: 4
          # Ready is whose database stands at its schema and whose Redis answers.
          readinessProbe:
            grpc: {port: {{ $probed }}}
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 3
{{- else }}
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 3
            timeoutSeconds: 5
            failureThreshold: 100
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 15
            timeoutSeconds: 10
            failureThreshold: 4
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 3
          # It goes on serving while load balancers learn that it leaves.
          lifecycle:
            preStop:
              exec: {command: [sleep, {{ $values.shutdown.endpointDelaySeconds | quote }}]}
{{- end }}
          resources: {{- toYaml $own.resources | nindent 12 }}
          volumeMounts: {{- include "jitney.mounts" . | nindent 12 }}
            - name: logging
              mountPath: /run/logging
              readOnly: true
{{- if $values.tls.enabled }}{{ include "jitney.tlsMount" . | nindent 12 }}{{ end }}
{{- with $own.extraVolumeMounts }}{{ toYaml . | nindent 12 }}{{ end }}
      volumes: {{- include "jitney.keys" . | nindent 8 }}
        - name: logging
          configMap:
            name: {{ include "jitney.fullname" .root }}-log-levels
            items: [{key: {{ .name }}, path: level}]
{{- if $values.tls.enabled }}{{ include "jitney.tlsVolume" . | nindent 8 }}{{ end }}
{{- with $own.extraVolumes }}{{ toYaml . | nindent 8 }}{{ end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $full }}
  labels: {{- include "jitney.labels" . | nindent 4 }}
spec:
{{- if eq .facts.kind "grpc" }}
  # Without an address of its own: clients see every pod by dns:/// and spread their calls over them.
  clusterIP: None
{{- end }}
  selector: {{- include "jitney.selector" . | nindent 4 }}
  ports:
    - {name: {{ .facts.kind }}, port: {{ .facts.port }}, targetPort: {{ .facts.kind }}{{ if and (eq .facts.kind "grpc") (not $values.tls.enabled) }}, appProtocol: kubernetes.io/h2c{{ end }}}
{{- if ne .facts.metrics .facts.port }}
    - {name: metrics, port: {{ .facts.metrics }}, targetPort: metrics}
{{- end }}
{{- if or $own.autoscaling.enabled (gt (int $own.replicas) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $full }}
  labels: {{- include "jitney.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "jitney.selector" . | nindent 6 }}
{{- end }}
{{- if $own.autoscaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $full }}
  labels: {{- include "jitney.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $full }}}
  minReplicas: {{ $own.autoscaling.minReplicas }}
  maxReplicas: {{ $own.autoscaling.maxReplicas }}
  behavior:
    # A replica that goes takes streams and shards with it, so it goes late and alone.
    scaleDown:
      stabilizationWindowSeconds: 600
      policies: [{type: Pods, value: 1, periodSeconds: 120}]
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $own.autoscaling.cpuPercent }}}
{{- with $own.autoscaling.metrics }}{{ toYaml . | nindent 4 }}{{ end }}
{{- end }}
{{- if and $values.monitoring.serviceMonitor.enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ $full }}
  labels: {{- include "jitney.labels" . | nindent 4 }}
{{- with $values.monitoring.labels }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  selector:
    matchLabels: {{- include "jitney.selector" . | nindent 6 }}
  endpoints:
    - port: {{ if ne .facts.metrics .facts.port }}metrics{{ else }}{{ .facts.kind }}{{ end }}
      path: /metrics
      interval: {{ $values.monitoring.interval }}
{{- end }}
{{- end -}}
