"""From the charts as they were before to those of this checkout, on one release."""

import os
import subprocess
import tarfile

import cluster
import pytest
import releases
from cluster import NAMESPACE
from people import EDITOR, TASKS, ask

ROOT = cluster.rendering.CHARTS.parent
KEPT = ("portcullis-assertion-key", "dev-entra-certificate")


def git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=False).stdout.strip()


def revision():
    """PREVIOUS, or the last release, or before there is one the state before the last change of the charts."""
    return os.environ.get("PREVIOUS") or git("describe", "--tags", "--abbrev=0", "--match=v*") or git("log", "-1", "--skip=1", "--format=%H", "--", "charts")


@pytest.fixture(scope="module")
def previous(images, tmp_path_factory):
    """Its pods need not be ready: the programs of today may ask for more than it gives them."""
    if not revision():
        pytest.skip("no history of the charts in this checkout; name a revision in PREVIOUS")
    work = tmp_path_factory.mktemp("previous")
    with open(work / "charts.tar", "wb") as archive:
        subprocess.run(["git", "-C", ROOT, "archive", revision(), "charts"], stdout=archive, check=True)
    with tarfile.open(work / "charts.tar") as archive:
        archive.extractall(work, filter="data")
    chart = work / "charts/task-suite"
    releases.start_over()
    cluster.helm("dependency", "build", chart)
    cluster.helm("install", "portcullis", chart, *[one for one in releases.arguments(work, chart) if one != "--wait"])
    return work


def secrets():
    return {name: cluster.get("secret", name, "--namespace", NAMESPACE)["data"] for name in KEPT}


def test_an_upgrade_keeps_the_keys_and_works(previous):
    before = secrets()
    releases.upgrade(previous)
    assert releases.status() == "deployed"
    assert secrets() == before


def test_and_the_gateway_answers(previous, entra, gateway):
    token = entra.token(EDITOR, TASKS)
    # dev-entra has made a new key, and the gate asks for unknown keys every 30 s at most.
    cluster.await_true("the gate knows the new key", lambda: ask(f"{gateway}/api/me", token)[0] == 200)
