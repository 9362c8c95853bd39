"""The ends of a truth table as running pods: the release's own and others. All listen on every free port."""

import concurrent.futures
import json
import re
import time

import cluster
import releases
from pods import restricted_pod
from test_network_policies import Table

AT_ONCE = 6


class Ends:
    """Runs the ends. A cell is (target, port, protocol); `listening` has the cells with a listener."""

    def __init__(self, profile):
        self.table = Table(profile)
        self.image = releases.image("initContainers")
        self.listener = f"listener-{int(time.time())}"
        # A restricted pod may not listen below 1024.
        self.ports = ",".join(str(port) for port in self.table.ports if port >= 1024)
        self.places = {}
        self.addresses = {}
        self.listening = set()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            self._start_strangers()
            list(pool.map(self._start_workload, self.table.data["workloads"].items()))
            for name, cells in zip(self.places, pool.map(self._await_listening, self.places), strict=True):
                self.listening |= {(name, *cell) for cell in cells}
        self._find_dns()

    def in_table(self, source, target):
        return ("both", source, target, "IPv4") in self.table.expected

    def cells(self):
        """(source, *cell) → whether the table has the cell open."""
        model = self.table.models[0]
        return {
            (source, *cell): bool(self.table.expected["both", source, cell[0], "IPv4"] & model.bits[cell[1], cell[2]])
            for source in self.places
            for cell in self.listening
            if self.in_table(source, cell[0])
        }

    def reached(self, sources):
        """Source → the cells that answered."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(sources, pool.map(self._reach, sources), strict=True))

    def _reach(self, source):
        namespace, pod, container = self.places[source]
        names = {address: name for name, own in self.addresses.items() if self.in_table(source, name) for address in own}
        ports = ",".join(str(port) for port in self.table.ports)
        output = cluster.kubectl(
            "exec", pod, "--namespace", namespace, "--container", container, "--",
            "/probe", "reach", "--timeout=500ms", f"--addresses={','.join(names)}", f"--ports={ports}",
        )
        assert output.endswith("done\n"), output
        found = re.findall(r"^open (TCP|UDP) \[?([^\n\]]+)\]?:(\d+)$", output, re.MULTILINE)
        return {(names[address], int(port), protocol) for protocol, address, port in found}

    def _start_strangers(self):
        made = [one for one in self.table.ends if one.namespace and one.name not in self.table.data["workloads"] and one.namespace != "kube-system"]
        cluster.apply(*(cluster.namespace(name) for name in sorted({one.namespace for one in made} - {cluster.NAMESPACE})))
        cluster.apply(*(self._pod(one) for one in made))
        for one in made:
            self.places[one.name] = one.namespace, f"end-{one.name}", "listener"

    def _pod(self, end):
        container = {
            **self.image, "name": "listener", "command": ["/probe", "listen", "--addresses=$(ADDRESSES)", self.ports],
            "env": [{"name": "ADDRESSES", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}}],
        }
        return restricted_pod(f"end-{end.name}", end.namespace, container, end.labels, terminationGracePeriodSeconds=0)

    def _start_workload(self, workload):
        """Adds a container to a running pod, so that packets have the pod's address and labels."""
        name, place = workload
        namespace, deployment = place.split("/")
        selector = cluster.get("deployment", deployment, "--namespace", namespace)["spec"]["selector"]["matchLabels"]
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        running = cluster.get("pods", "--namespace", namespace, "--selector", labels, "--field-selector", "status.phase=Running")["items"][0]
        addresses = ",".join(one["ip"] for one in running["status"]["podIPs"])
        cluster.kubectl(
            "debug", running["metadata"]["name"], "--namespace", namespace, "--image", self.image["image"],
            f"--image-pull-policy={self.image['imagePullPolicy']}",
            "--profile=restricted", "--container", self.listener, "--quiet", "--", "/probe", "listen", f"--addresses={addresses}", self.ports,
        )
        self.places[name] = namespace, running["metadata"]["name"], self.listener

    def _await_listening(self, name):
        namespace, pod, container = self.places[name]

        def log():
            output = cluster.run("kubectl", "logs", pod, "--namespace", namespace, "--container", container, check=False).stdout
            return output if output.endswith("ready\n") else None

        lines = cluster.await_true(f"{pod} listens", log, 180)
        # A pod may log that it listens before the API server knows its address.
        addresses = cluster.await_true(f"{pod} has an address", lambda: cluster.get("pod", pod, "--namespace", namespace)["status"].get("podIPs"))
        self.addresses[name] = [one["ip"] for one in addresses]
        return {(int(port), protocol) for protocol, port in re.findall(r"^(?:listening|taken) (TCP|UDP) .*:(\d+)$", lines, re.MULTILINE)}

    def _find_dns(self):
        pods = cluster.get("pods", "--namespace", "kube-system", "--selector", "k8s-app=kube-dns")["items"]
        assert pods, json.dumps(pods)
        self.addresses["dns"] = [one["ip"] for one in pods[0]["status"]["podIPs"]]
        self.listening |= {("dns", 53, "TCP"), ("dns", 53, "UDP")}
