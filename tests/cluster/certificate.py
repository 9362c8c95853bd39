"""The gateway's self-signed certificate."""

import base64
import ssl

import cluster

NAME = "portcullis-gateway-self-signed"


def made_by_the_chart():
    """TLS context that trusts the certificate of the installation. Its names include no address that a test uses."""
    pem = base64.b64decode(cluster.get("secret", NAME, "--namespace", cluster.NAMESPACE)["data"]["tls.crt"]).decode()
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False
    return context


def issue(folder, address):
    """Writes a new certificate for an IP address into the gateway's Secret; returns a TLS context that trusts it."""
    cluster.run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=gateway",
        "-addext", f"subjectAltName=IP:{address}", "-keyout", folder / "tls.key", "-out", folder / "tls.crt",
    )
    certificate, key = ((folder / file).read_text() for file in ("tls.crt", "tls.key"))
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": NAME, "namespace": cluster.NAMESPACE}}
    cluster.apply({**secret, "stringData": {"tls.crt": certificate, "tls.key": key}})
    return ssl.create_default_context(cadata=certificate)
