"""Runs kubectl and Helm on the cluster of KUBECONFIG."""

import contextlib
import json
import os
import re
import subprocess
import time

import rendering

NAMESPACE = rendering.NAMESPACE
STRANGERS = "portcullis-stranger"
SUITE = rendering.CHARTS / "task-suite"
IMAGES = rendering.HERE.parent.parent / os.environ.get("OUT", "images/out")


def run(*command, text=None, check=True, timeout=300):
    done = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True, check=False, timeout=timeout)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done


def kubectl(*arguments, **options):
    return run("kubectl", *arguments, **options).stdout


def helm(*arguments, **options):
    return run(os.environ["HELM"], *arguments, **options)


def apply(*objects):
    kubectl("apply", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))


def get(*arguments):
    return json.loads(kubectl("get", *arguments, "-o", "json"))


def load_images():
    """Loads image archives by the command LOAD, such as `kind load image-archive`. Without LOAD the cluster already has the images."""
    if "LOAD" in os.environ:
        for archive in sorted(IMAGES.glob("*.tar")):
            run(*os.environ["LOAD"].split(), archive)


def namespace(name):
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    }


def remove():
    """Deletes the namespaces of the tests, including those of an earlier run."""
    kubectl("delete", "namespace", NAMESPACE, STRANGERS, "monitoring", "shop", "--ignore-not-found", "--wait")
    # The namespace of an interrupted `helm test`.
    kubectl("delete", "namespace", "--selector", "app.kubernetes.io/part-of=portcullis,app.kubernetes.io/component=test", "--wait")


def restart(deployment, seconds=180):
    """Replaces the pods of a deployment and waits for the new ones."""
    kubectl("rollout", "restart", f"deployment/{deployment}", "--namespace", NAMESPACE)
    kubectl("rollout", "status", f"deployment/{deployment}", "--namespace", NAMESPACE, f"--timeout={seconds}s")


def await_true(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.2)
    return found


@contextlib.contextmanager
def forward(service, port):
    """Forwards a local port, which it yields, to a port of a Service."""
    command = ["kubectl", "--namespace", NAMESPACE, "port-forward", f"service/{service}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            found = re.match(r"Forwarding from 127\.0\.0\.1:(\d+)", line)
            assert found, f"{' '.join(command)}: {line}"
            yield int(found[1])
        finally:
            process.terminate()
