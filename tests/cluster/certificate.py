"""Certificates of the gateway, each its own authority."""

import cluster

NAME = "gateway-certificate"


def issue(folder, address):
    """A new certificate for an IP address, in the Secret that the gateway reads. Returns it, in PEM."""
    cluster.run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=gateway",
        "-addext", f"subjectAltName=IP:{address}", "-keyout", folder / "tls.key", "-out", folder / "tls.crt",
    )
    pem, key = ((folder / file).read_text() for file in ("tls.crt", "tls.key"))
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": NAME, "namespace": cluster.NAMESPACE}}
    cluster.apply({**secret, "stringData": {"tls.crt": pem, "tls.key": key}})
    return pem
