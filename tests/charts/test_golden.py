"""Compares the manifests of each profile with golden files, so that reviews show what a template change does."""

import difflib

import pytest
import rendering
import yaml

WRITTEN = "written by Helm, different each time"


def canonical(profile):
    documents = []
    for one in rendering.objects(profile):
        if one["kind"] == "NetworkPolicy" and rendering.hook(one):
            continue  # a copy; test_uninstall.py compares it with its original
        if one["kind"] == "Secret":
            one["data"] = dict.fromkeys(one["data"], WRITTEN)
        documents.append(yaml.safe_dump(one, sort_keys=True, width=140))
    return "---\n".join(sorted(documents))


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_manifests_match_golden_files(profile, request):
    golden = rendering.HERE / "golden" / f"{profile}.yaml"
    found = canonical(profile)
    if request.config.getoption("--update-golden"):
        golden.write_text(found)
    expected = golden.read_text() if golden.exists() else ""
    difference = "\n".join(list(difflib.unified_diff(expected.splitlines(), found.splitlines(), "golden", "rendered", lineterm=""))[:60])
    assert not difference, f"{difference}\nif this is meant: tests/charts/run --update-golden"


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_lint_has_no_findings(profile):
    chart, arguments = rendering.values(profile)
    done = rendering.helm("lint", "--strict", chart, "--kube-version", rendering.KUBERNETES, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_golden_file_has_a_profile():
    assert sorted(path.stem for path in (rendering.HERE / "golden").glob("*.yaml")) == rendering.PROFILES
