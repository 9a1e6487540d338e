{{/* The labels by which a Service finds its pods. Of a dict: root, component. */}}
{{- define "livechat.selector" -}}
app.kubernetes.io/name: livechat
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* An image by its name: livechat-back, livechat-front. */}}
{{- define "livechat.image" -}}
{{ .root.Values.images.registry }}{{ .name }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* How one kind of pod is replaced: a new one is ready before an old one goes. */}}
{{- define "livechat.strategy" -}}
# So long a new pod must have been ready before an old one stops.
minReadySeconds: 5
revisionHistoryLimit: 5
strategy:
  type: RollingUpdate
  rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
{{- end }}

{{/* What all pods have: no rights, no root, no token, spread over nodes and zones.
Of a dict: root, component, user. */}}
{{- define "livechat.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false # their names could be those of settings
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash] # an update is spread by itself
    labelSelector:
      matchLabels:
        {{- include "livechat.selector" $ | nindent 8 }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What no container needs. */}}
{{- define "livechat.hardened" -}}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Node drains take one pod at a time. */}}
{{- define "livechat.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "livechat.selector" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "livechat.selector" . | nindent 6 }}
{{- end }}
