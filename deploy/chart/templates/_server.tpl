{{/* The settings of a server, as YAML. Those of the values come last and win. Of a
dict: root, component, values (of the component). */}}
{{- define "livechat.settings" -}}
{{- $values := .root.Values }}
{{- $all := dict
  "ROLE" .component
  "METRICS_ADDR" ":9090"
  "DRAIN_DELAY" (printf "%ds" (int $values.drain.delaySeconds))
  "DRAIN_PERIOD" (printf "%ds" (int $values.drain.periodSeconds)) }}
{{- range $values.secret.settings }}
{{- if or (eq $.component "api") (not (hasPrefix "FILES_" .)) }}
{{- $_ := set $all (print . "_FILE") (print "/run/secrets/livechat/" .) }}
{{- end }}
{{- end }}
{{- if and $values.ingress.enabled $values.ingress.tlsSecret }}
{{- $_ := set $all "SECURE_COOKIES" "true" }}
{{- end }}
{{- if not (or $values.files.url $values.files.claim) }}
{{- $_ := set $all "MAX_FILE" "0" }}
{{- end }}
{{- if eq .component "api" }}
{{- $_ := set $all "FILES_URL" ($values.files.url | default "file:/files") }}
{{- end }}
{{- toYaml (mergeOverwrite $all $values.settings .values.settings) }}
{{- end }}

{{/* The Deployment, the Service and the PodDisruptionBudget of a kind of server. */}}
{{- define "livechat.server" -}}
{{- $values := .root.Values }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "livechat.selector" . | nindent 4 }}
spec:
  {{- if not (and (eq .component "ws") $values.autoscaling.enabled) }}
  replicas: {{ int .values.replicas }}
  {{- end }}
  {{- include "livechat.strategy" . | nindent 2 }}
  selector:
    matchLabels:
      {{- include "livechat.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "livechat.selector" . | nindent 8 }}
    spec:
      {{- include "livechat.pod" (merge (dict "user" 65532) .) | nindent 6 }}
      # Longer than the drain, and the 10 s that a server has to end after it. No
      # preStop: the drain begins with a delay in which new clients are served.
      terminationGracePeriodSeconds: {{ add $values.drain.delaySeconds $values.drain.periodSeconds 15 }}
      containers:
        - name: server
          image: {{ include "livechat.image" (dict "root" .root "name" "livechat-back") }}
          imagePullPolicy: {{ $values.images.pullPolicy }}
          env:
            - name: APPID
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
            {{- range $name, $value := fromYaml (include "livechat.settings" .) }}
            - {name: {{ $name }}, value: {{ $value | toString | quote }}}
            {{- end }}
          ports:
            - {name: http, containerPort: 8080}
            - {name: metrics, containerPort: 9090}
          # An API server listens once it has reached its database.
          startupProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 300
          # Of itself alone: when Redis is away it is so for all pods, and a Service
          # without pods would turn everyone away.
          readinessProbe:
            httpGet: {path: "/readyz?scope=self", port: http}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 3
          # A restart costs all sockets, so only for a server that hangs.
          livenessProbe:
            httpGet: {path: /healthz, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          {{- include "livechat.hardened" . | nindent 10 }}
          volumeMounts:
            - {name: secret, mountPath: /run/secrets/livechat, readOnly: true}
            {{- if and (eq .component "api") (not $values.files.url) }}
            - {name: files, mountPath: /files}
            {{- end }}
      volumes:
        - name: secret
          secret: {secretName: {{ $values.secret.name }}, defaultMode: 0440}
        {{- if and (eq .component "api") (not $values.files.url) }}
        - name: files
          {{- if $values.files.claim }}
          persistentVolumeClaim: {claimName: {{ $values.files.claim }}}
          {{- else }}
          emptyDir: {sizeLimit: 64Mi} # stays empty: MAX_FILE is 0
          {{- end }}
        {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "livechat.selector" . | nindent 4 }}
spec:
  selector:
    {{- include "livechat.selector" . | nindent 4 }}
  ports:
    - {name: http, port: 8080, targetPort: http}
    - {name: metrics, port: 9090, targetPort: metrics}
---
{{ include "livechat.budget" . }}
{{- end }}
