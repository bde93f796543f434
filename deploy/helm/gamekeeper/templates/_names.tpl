{{/* One Gamekeeper per cluster: its resource definitions are cluster-wide. So names are fixed, and nothing is derived from the release's. */}}
{{- define "gamekeeper.labels" -}}
app.kubernetes.io/name: gamekeeper
app.kubernetes.io/part-of: gamekeeper
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "gamekeeper.image" -}}
{{ printf "%s/%s:%s" .root.Values.images.registry .name .root.Values.images.tag | quote }}
{{- end }}

{{/* Pod Security "restricted", as uid 65532. */}}
{{- define "gamekeeper.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "gamekeeper.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "gamekeeper.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Not empty when the ledger is PostgreSQL. */}}
{{- define "gamekeeper.hasPostgres" -}}
{{ if or .Values.postgres.enabled .Values.postgres.url }}yes{{ end }}
{{- end }}

{{/* Where match servers and Fleets are. */}}
{{- define "gamekeeper.matchSpace" -}}
{{ .Values.matches.space | default .Release.Namespace }}
{{- end }}

{{/* Of the edge's pods; in a namespace of their own. */}}
{{- define "gamekeeper.edgeLabels" -}}
app.kubernetes.io/name: gamekeeper-edge
app.kubernetes.io/part-of: gamekeeper
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{/* Where edges come from, as an entry of a NetworkPolicy's `from`. */}}
{{- define "gamekeeper.edgePods" -}}
namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .Values.edge.namespace }}}}
podSelector: {matchLabels: {app.kubernetes.io/name: gamekeeper-edge}}
{{- end }}

{{/* How players may reach games, the usual way first. */}}
{{- define "gamekeeper.exposures" -}}
{{- $all := .Values.games.exposures }}
{{- if and .Values.edge.enabled (not (has "edge" $all)) }}
{{- $all = prepend $all "edge" }}
{{- end }}
{{- toJson $all }}
{{- end }}

{{/* Where the edge's port is open to whom. */}}
{{- define "gamekeeper.edgePorts" -}}
{{- $ports := untilStep (int .Values.edge.ports.first) (int (add1 .Values.edge.ports.last)) 1 }}
{{- if gt (len $ports) 500 }}
{{- fail "edge.ports: each is a rule of the node's firewall; have 500 at most, or choose nodePort or loadBalancer for some worlds" }}
{{- end }}
{{- range $port := $ports }}
- {containerPort: {{ $port }}, hostPort: {{ $port }}, protocol: UDP}
- {containerPort: {{ $port }}, hostPort: {{ $port }}, protocol: TCP}
{{- end }}
{{- if .Values.edge.domain }}
- {containerPort: 25565, hostPort: 25565, protocol: TCP}
{{- end }}
{{- end }}

{{- define "gamekeeper.ledgerSecret" -}}
{{ .Values.postgres.secret | default "gamekeeper-ledger" }}
{{- end }}

{{/* A Secret that the cluster fills has its random text under `token`. */}}
{{- define "gamekeeper.ledgerKey" -}}
{{ if .Values.postgres.secret }}password{{ else }}token{{ end }}
{{- end }}

{{/* gamekeeper.yaml. What people say in `config` wins. */}}
{{- define "gamekeeper.config" -}}
{{- $listen := printf "0.0.0.0:8080" }}
{{- $api := dict "listen" $listen }}
{{- if .Values.tls.secret }}
{{- $_ := set $api "tls_certificate" "/etc/gamekeeper/tls/tls.crt" }}
{{- $_ := set $api "tls_key" "/etc/gamekeeper/tls/tls.key" }}
{{- else }}
{{- $_ := set $api "expose_without_tls" true }}
{{- end }}
{{- $image := printf "%s/%%s:%s" .Values.images.registry .Values.images.tag }}
{{- $cluster := dict "namespace" .Release.Namespace "shim_image" (printf $image "gk-shim") "backup_image" (printf $image "restic") }}
{{- $_ := set $cluster "image_prefix" (printf "%s/" .Values.images.registry) }}
{{- $_ := set $cluster "image_tag" (toString .Values.images.tag) }}
{{- with .Values.storageClass }}
{{- $_ := set $cluster "storage_class" . }}
{{- end }}
{{- with .Values.matches.space }}
{{- $_ := set $cluster "matches" . }}
{{- end }}
{{- with .Values.games }}
{{- $_ := set $cluster "exposures" (include "gamekeeper.exposures" $ | fromJsonArray) }}
{{- $_ := set $cluster "host_ports" .hostPorts }}
{{- $pairs := dict "node_selector" .nodeSelector "balancer_annotations" .loadBalancerAnnotations }}
{{- range $key, $pair := $pairs }}
{{- $texts := list }}
{{- range $name, $text := $pair }}
{{- $texts = append $texts (printf "%s=%v" $name $text) }}
{{- end }}
{{- if $texts }}
{{- $_ := set $cluster $key $texts }}
{{- end }}
{{- end }}
{{- range $key, $value := dict "tolerations" .tolerations "pull_secrets" .pullSecrets "priority_class" .priorityClass "runtime_class" .runtimeClass "pod_security" .podSecurity }}
{{- if $value }}
{{- $_ := set $cluster $key $value }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.edge.enabled }}
{{- $_ := set $cluster "edge_ports" (dict "first" .Values.edge.ports.first "last" .Values.edge.ports.last) }}
{{- end }}
{{- $config := dict "shape" "cluster" "state" "/var/lib/gamekeeper/state" "api" $api "cluster" $cluster }}
{{- if .Values.edge.enabled }}
{{- $keys := "/etc/gamekeeper/edge/" }}
{{- $edge := dict "enabled" true "listen" "0.0.0.0:9402" "certificate" (print $keys "tls.crt") "key" (print $keys "tls.key") "authority" (print $keys "ca.crt") }}
{{- range $key, $text := dict "domain" .Values.edge.domain "address" .Values.edge.address }}
{{- if $text }}
{{- $_ := set $edge $key $text }}
{{- end }}
{{- end }}
{{- $_ := set $config "edge" $edge }}
{{- end }}
{{- if include "gamekeeper.hasPostgres" . }}
{{- $url := .Values.postgres.url | default (printf "postgresql://gamekeeper@gamekeeper-postgres.%s.svc:5432/gamekeeper" .Release.Namespace) }}
{{- $_ := set $config "ledger" (dict "url" $url "password_file" "/etc/gamekeeper/ledger/password") }}
{{- $scheme := ternary "https" "http" (not (empty .Values.tls.secret)) }}
{{- $_ := set $config "match" (dict "api" (printf "%s://gamekeeper.%s.svc:%v" $scheme .Release.Namespace .Values.service.port)) }}
{{- end }}
{{- with .Values.redis }}
{{- if .url }}
{{- $redis := dict "url" .url }}
{{- if .secret }}
{{- $_ := set $redis "password_file" "/etc/gamekeeper/redis/password" }}
{{- end }}
{{- $_ := set $config "redis" $redis }}
{{- end }}
{{- end }}
{{- with .Values.vault }}
{{- if .place }}
{{- $s3 := dict "region" .region "secret_file" "/etc/gamekeeper/vault/secret" }}
{{- $_ := set $config "vault" (dict "place" .place "s3" $s3) }}
{{- end }}
{{- end }}
{{- mustMergeOverwrite $config .Values.config | toYaml }}
{{- end }}
