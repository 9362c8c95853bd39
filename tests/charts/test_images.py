"""The probe can run as a copy in Envoy's container: it is static and smaller than the volume for the copy."""

import importlib.machinery
import importlib.util
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest
import rendering

IMAGES = rendering.CHARTS.parent / "images"
STATIC = b"\x7fELF" + bytes(64)


def check():
    loader = importlib.machinery.SourceFileLoader("check", str(IMAGES / "check"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("check", loader))
    loader.exec_module(module)
    return module


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def image(folder, program):
    """Writes an archive of the probe's image like `docker save`."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as content:
        for name, text in (("probe", program), ("etc/passwd", b""), ("etc/ssl/certs/ca-certificates.crt", b"")):
            add(content, name, text)
    labels = {f"org.opencontainers.image.{name}": "x" for name in ("title", "description", "version", "revision", "created", "licenses")}
    with tarfile.open(folder / "probe.tar", mode="w") as archive:
        add(archive, "layer.tar", layer.getvalue())
        add(archive, "config.json", json.dumps({"config": {"User": "65532:65532", "Labels": labels}}).encode())
        add(archive, "manifest.json", json.dumps([{"Config": "config.json", "Layers": ["layer.tar"]}]).encode())
    (folder / "probe.cdx.json").write_text(json.dumps({"components": ["x"]}))
    return folder / "probe.tar"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        pytest.param(STATIC, None, id="static"),
        pytest.param(STATIC + b"/lib64/ld-linux-x86-64.so.2", "not static", id="dynamic"),
        pytest.param(STATIC + bytes(20_000_001), "larger than 20 MB", id="too large"),
    ],
)
def test_check_rejects_a_probe_that_cannot_be_copied(tmp_path, program, words):
    found = list(check().faults(image(tmp_path, program)))
    assert [words in fault for fault in found] == ([] if words is None else [True]), found


def test_build_rejects_a_probe_that_is_not_static(tmp_path):
    shutil.copy(shutil.which("bash"), tmp_path / "probe")
    environment = {**os.environ, "ENGINE": "buildah", "BIN_DIR": str(tmp_path), "OUT": str(tmp_path / "out")}
    done = subprocess.run([IMAGES / "build", "probe"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "probe is not static" in done.stderr, done.stderr


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_volume_holds_any_probe_that_check_accepts(profile):
    spec = rendering.only(profile, "Deployment", "portcullis-gateway")["spec"]["template"]["spec"]
    (volume,) = [one for one in spec["volumes"] if one["name"] == "drain"]
    mebibytes = int(volume["emptyDir"]["sizeLimit"].removesuffix("Mi"))
    assert check().LARGEST < mebibytes << 20
    # Development builds with symbols are larger than released images.
    assert mebibytes >= 64
    # The init container rejects a larger one before kubelet evicts the pod.
    assert spec["initContainers"][0]["command"] == ["/probe", "install", "/drain/probe", f"--volume-mib={mebibytes}"]
