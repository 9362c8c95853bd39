"""Charts rendered with the values of a profile."""

import functools
import os
import pathlib
import re
import subprocess

import yaml

HERE = pathlib.Path(__file__).resolve().parent
CHARTS = HERE.parent.parent / "charts"
PROFILES = sorted(path.stem for path in (HERE / "profiles").glob("*.yaml"))
RELEASE = NAMESPACE = "portcullis"
# Helm's default cluster version depends on how Helm was built.
KUBERNETES = "1.36.0"


def values(profile):
    """The chart of a profile, and Helm's arguments for its values."""
    chart = profile.split("--")[0]
    files = [HERE / "profiles" / f"{profile}.yaml"]
    if profile.endswith("--development"):
        files.insert(0, CHARTS / chart / "values-development.yaml")
    return CHARTS / chart, [argument for file in files for argument in ("--values", str(file))]


def helm(*arguments):
    return subprocess.run([os.environ["HELM"], *map(str, arguments)], capture_output=True, text=True, check=False)


def template(profile, *more):
    chart, arguments = values(profile)
    return helm("template", RELEASE, chart, "--namespace", NAMESPACE, "--kube-version", KUBERNETES, *arguments, *more)


@functools.cache
def text(profile):
    done = template(profile)
    assert done.returncode == 0, done.stderr
    return done.stdout


def secrets_left_out(rendered):
    """Names of the Secrets that are not rendered because Helm has no access to the cluster."""
    return set(re.findall(r"^# The Secret (\S+) \(.*\) is not rendered: ", rendered, re.MULTILINE))


def objects(profile):
    return [document for document in yaml.safe_load_all(text(profile)) if document]


def hook(one):
    """The event at which Helm creates an object; empty for an object of the release itself."""
    return one["metadata"].get("annotations", {}).get("helm.sh/hook", "")


def policies(profile, event=""):
    return [one for one in objects(profile) if one["kind"] == "NetworkPolicy" and hook(one) == event]


def only(profile, kind, name):
    (found,) = [one for one in objects(profile) if one["kind"] == kind and one["metadata"]["name"] == name]
    return found


def pod_templates(profile):
    """Name and pod template of every object that starts pods."""
    for one in objects(profile):
        name = f"{one['kind']}/{one['metadata']['name']}"
        if one["kind"] == "Pod":
            yield name, one
        elif one["kind"] == "Deployment":
            yield name, one["spec"]["template"]
        elif one["kind"] == "CronJob":
            yield name, one["spec"]["jobTemplate"]["spec"]["template"]
