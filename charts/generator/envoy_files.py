"""Envoy's files for the chart: those of envoy/ with the replacements below. Each place to replace must be found exactly once."""

import re

# Options of envoy/with, each with the chart value that turns it on.
SWITCHES = {"tracing": ".Values.traces.endpoint", "hsts": ".Values.gateway.hsts.maxAgeSeconds"}
HEADER = "# Derived from envoy/{name} by charts/generate.\n"


def render(folder):
    return {name: HEADER.format(name=name) + change(_options((folder / name).read_text())) for name, change in CHANGES.items()}


def _options(text):
    """Puts lines such as `#hsts: ..` under the condition of their chart value; drops those of other options."""
    lines, inside = [], None
    for line in text.splitlines(keepends=True):
        option = re.match(r"( *)#([a-z-]+): (.*\n)", line)
        if option and option[2] not in SWITCHES:
            continue
        name = option[2] if option else None
        if name != inside:
            if inside:
                lines.append("{{- end }}\n")
            if name:
                lines.append(f"{{{{- if {SWITCHES[name]} }}}}\n")
            inside = name
        lines.append(option[1] + option[3] if option else line)
    return "".join(lines) + ("{{- end }}\n" if inside else "")


def _replace(text, old, new):
    if text.count(old) != 1:
        raise SystemExit(f"envoy: {old!r} is there {text.count(old)} times, not once; update it in charts/generator/envoy_files.py")
    return text.replace(old, new)


def _between(text, start, end):
    """The text from the line with `start` up to the line with `end`."""
    for mark in (start, end):
        if text.count(mark) != 1:
            raise SystemExit(f"envoy: {mark!r} is there {text.count(mark)} times, not once; update it in charts/generator/envoy_files.py")
    return text[text.index(start) : text.index(end)]


def _listeners(text):
    text = _replace(
        text,
        "address: {socket_address: {address: 127.0.0.1, port_value: 8080}}",
        'address: {socket_address: {{ include "portcullis.listen" (list . (include "portcullis.gateway.port" .)) }}}',
    )
    chain = "      - name: gateway\n        filters:\n"
    text = _replace(text, chain, '      - name: gateway\n        {{- include "portcullis.gateway.tls" . | nindent 8 }}\n        filters:\n')
    text = _replace(text, "xff_num_trusted_hops: 0", "xff_num_trusted_hops: {{ .Values.gateway.trustedHops }}")
    line = "                      - {remove: x-forwarded-for}\n"
    text = _replace(text, line, "{{- if not .Values.gateway.trustedHops }}\n" + line + "{{- end }}\n")
    text = _replace(text, "random_sampling: {value: 100}", "random_sampling: {value: {{ .Values.traces.percent }}}")
    return text + '\n{{ include "portcullis.gateway.operations" . }}\n'


def _routes(text):
    samples = _between(text, "          - name: task-api-me\n", "          # Everything else, the services' /health included.")
    text = _replace(text, samples, '{{- include "portcullis.routes" . | nindent 10 }}\n\n')
    text = _replace(text, "value: max-age=31536000}", 'value: {{ include "portcullis.hsts" . | quote }}}')
    return _replace(
        text,
        'allow_origin_string_match: [{exact: "http://localhost:3000"}]',
        'allow_origin_string_match: [{{ include "portcullis.corsOrigins" . }}]',
    )


def _clusters(text):
    authz_static = "    name: authz\n    type: STATIC\n"
    text = _replace(text, authz_static, '    name: authz\n    {{- include "portcullis.cluster.authz" . | nindent 4 }}\n')
    text = _replace(
        text,
        "address: {socket_address: {address: 127.0.0.1, port_value: 9000}}",
        'address: { {{- include "portcullis.authz.address" . -}} }',
    )
    resource = '  - "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster\n'
    head, authz, task_api, _notification, _audit, traces = text.split(resource)
    task_api = task_api.replace("task-api", "{{ .name }}")
    # Each cluster repeats these values, because an anchor may be defined only once.
    task_api = _replace(_replace(task_api, " &http1", ""), " &limits", "")
    task_api = _replace(task_api, "    type: STATIC\n", '    {{- include "portcullis.cluster.upstream" . | nindent 4 }}\n')
    task_api = _replace(
        task_api,
        "socket_address: {address: 127.0.0.1, port_value: 8000}",
        "socket_address: {address: {{ .address }}, port_value: {{ .port }}}",
    )
    loop = '{{- range include "portcullis.upstreams" . | fromJsonArray }}\n' + resource + task_api.rstrip() + "\n{{- end }}\n"
    traces = _replace(traces, "    type: STATIC\n", '    {{- include "portcullis.cluster.discovery" . | nindent 4 }}\n')
    traces = _replace(
        traces,
        "socket_address: {address: 127.0.0.1, port_value: 4317}",
        "socket_address: {address: {{ (urlParse .Values.traces.endpoint).hostname }}, port_value: {{ splitList \":\" .Values.traces.endpoint | last }}}",
    )
    loop += "{{- if .Values.traces.endpoint }}\n" + resource + traces.rstrip() + "\n"
    return head + resource + authz.rstrip() + "\n" + loop + '{{ include "portcullis.cluster.admin" . }}\n'


CHANGES = {
    "bootstrap.yaml": lambda text: text,
    "listeners.yaml": _listeners,
    "routes.yaml": _routes,
    "clusters.yaml": _clusters,
}
