"""Sends requests at a steady rate from separate pods and counts their outcomes."""

import re
import time

import cluster
from pods import restricted_pod

NAMESPACE = cluster.STRANGERS
# The gateway's URL for pods.
GATEWAY = f"http://portcullis-gateway.{cluster.NAMESPACE}.svc.cluster.local:80"


class Load:
    """Each stream is (name, rate, arguments of `probe load`)."""

    def __init__(self, image, streams, seconds):
        self.names = [f"load-{name}" for name, _, _ in streams]
        self.rate = sum(rate for _, rate, _ in streams)
        cluster.apply(cluster.namespace(NAMESPACE))
        for name, rate, more in streams:
            command = ["/probe", "load", "--rate", str(rate), "--for", f"{seconds}s", *more]
            cluster.apply(restricted_pod(f"load-{name}", NAMESPACE, {**image, "name": "load", "command": command}, restartPolicy="Never"))
        cluster.kubectl("wait", "--for=condition=Ready", "pod", *self.names, "--namespace", NAMESPACE, "--timeout=60s")
        cluster.await_true("the load has begun", lambda: self.counts()[0] > self.rate)

    def counts(self):
        """Numbers of answered and failed requests so far."""
        answered = failed = 0
        for text in self._logs().values():
            found = re.findall(r"^at \d+: (\d+) answered, (\d+) failed", text, re.MULTILINE)
            if found:
                answered, failed = answered + int(found[-1][0]), failed + int(found[-1][1])
        return answered, failed

    def failures(self):
        """(due, known, reason) of each failed request, in seconds since its pod's start."""
        pattern = re.compile(r"^failed at ([\d.]+): (.*) \(after (\d+) ms\)$", re.MULTILINE)
        return [
            (float(due), float(due) + int(took) / 1000, f"{name}: {why}") for name, text in self._logs().items() for due, why, took in pattern.findall(text)
        ]

    def settle(self):
        """Waits until all requests sent so far are counted."""
        before = self.counts()[0]
        cluster.await_true("the load goes on", lambda: self.counts()[0] > before + 2 * self.rate)

    def stop(self):
        cluster.kubectl("delete", "pod", *self.names, "--namespace", NAMESPACE, "--grace-period=1", "--wait", "--ignore-not-found")

    def _logs(self):
        return {name: cluster.kubectl("logs", name, "--namespace", NAMESPACE) for name in self.names}


class Phase:
    """Context manager for the outcomes of the load during a phase."""

    def __init__(self, load):
        self.load = load

    def __enter__(self):
        self.load.settle()
        self.before, self.known, self.start = self.load.counts(), len(self.load.failures()), time.monotonic()
        return self

    def __exit__(self, *_error):
        self.load.settle()
        after = self.load.counts()
        self.answered = after[0] - self.before[0]
        self.seconds = time.monotonic() - self.start
        self.failures = self.load.failures()[self.known :]
