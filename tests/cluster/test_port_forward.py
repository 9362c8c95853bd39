"""The README's commands work as they are written."""

import re
import socket
import subprocess

import cluster
import pytest

pytestmark = pytest.mark.usefixtures("development")


def commands():
    """The README's block that forwards ports, with free ports of this machine."""
    text = (cluster.rendering.HERE.parent.parent / "README.md").read_text()
    (block,) = [found for found in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if "port-forward" in found]
    for port in (8080, 8443):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            other = free.getsockname()[1]
        changed = block.replace(f" {port}:", f" {other}:").replace(f"localhost:{port}/", f"localhost:{other}/")
        assert changed != block
        block = changed
    return block


def test_the_development_flow_of_the_readme_works(gateway, tmp_path):
    script = f"set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n{commands()}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert '"Eddie Editor"' in done.stdout, done.stdout + done.stderr
