"""Upgrades a release from the previous charts to those of this checkout."""

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
    """PREVIOUS, else the last release, else the commit before the last change of the charts."""
    return os.environ.get("PREVIOUS") or git("describe", "--tags", "--abbrev=0", "--match=v*") or git("log", "-1", "--skip=1", "--format=%H", "--", "charts")


@pytest.fixture(scope="module")
def previous(images, tmp_path_factory):
    """Installs the previous charts. Their pods need not be ready, because today's programs may require more settings."""
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


def test_gateway_answers_after_the_upgrade(previous, entra, gateway):
    token = entra.token(EDITOR, TASKS)
    # dev-entra has a new key, and the authz server fetches unknown keys at most every 30 s.
    cluster.await_true("the authz server has the new key", lambda: ask(f"{gateway}/api/me", token)[0] == 200)
