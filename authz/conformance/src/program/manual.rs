pub(crate) const RUN: &str = "\
The run takes under a minute. It sends some tens of thousands of requests to the gateway, over
HTTP/1.1 and HTTP/2 without TLS. `portcullis-conformance echo` replaces the services behind the
gateway, because a finding depends on what arrives there. Never run it against a gateway with real
services behind it. docs/conformance.md describes the cases and how they are judged.

Examples:
  portcullis-conformance echo --listen 127.0.0.1:8000 --records-listen 127.0.0.1:8009
  portcullis-conformance run --gateway http://127.0.0.1:8080 --echo http://127.0.0.1:8009 \\
      --protected /api/tasks --token-file tasks.token --public /health

Exit status:
  0    no findings
  1    findings
  64   the gateway or the echo cannot be used, or an honest request does not reach the echo";

pub(crate) const ECHO: &str = "\
It answers every request and parses HTTP/1.1 leniently, as the most careless service would.

Examples:
  portcullis-conformance echo --listen 127.0.0.1:8000 --handler /orders/{id}
  curl http://127.0.0.1:8009/records

Exit status:
  64   a port is in use, or a handler cannot be used";
