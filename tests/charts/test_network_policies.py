"""Compares the rendered network policies with the tables of truth/, cell by cell, then checks that the tables notice each mutant."""

import functools

import pytest
import rendering
import yaml
from network_model import FAMILIES, PROTOCOLS, End, Model
from policy_mutations import mutations

TABLES = sorted(path.stem for path in (rendering.HERE / "truth").glob("*.yaml"))
FEWEST_CELLS = 2000


class Table:
    def __init__(self, profile):
        self.data = yaml.safe_load((rendering.HERE / "truth" / f"{profile}.yaml").read_text())
        self.policies = rendering.policies(profile)
        self.ends = list(self._ends(profile))
        self.ports = self.data["ports"]
        self.governed = set(self.data["governed"]) | {end.name for end in self.ends if end.name.startswith("not-quite-")}
        self.models = [Model(self.ends, self.ports, blocks_match_pods) for blocks_match_pods in (False, True)]
        self.expected = self._expected()

    def _ends(self, profile):
        labels = {}
        for name, place in self.data["workloads"].items():
            namespace, deployment = place.split("/")
            template = rendering.only(profile, "Deployment", deployment)["spec"]["template"]
            labels[name] = template["metadata"]["labels"]
            yield self._pod(name, namespace, labels[name])
        for name, pod in self.data["pods"].items():
            own = labels[pod["like"]] if "like" in pod else pod["labels"]
            labels[name] = own
            yield self._pod(name, pod["namespace"], own)
        for name in self.data["imitations"]:
            namespace = self.data["workloads"].get(name, rendering.NAMESPACE).split("/")[0]
            for label in ("name", "instance", "component"):
                changed = {**labels[name], f"app.kubernetes.io/{label}": "another"}
                yield self._pod(f"not-quite-{name}-{label}", namespace, changed)
        for name, addresses in self.data["outside"].items():
            yield End(name, (addresses["IPv4"], addresses["IPv6"]))

    _count = 0

    def _pod(self, name, namespace, labels):
        Table._count += 1
        return End(name, (f"10.244.{Table._count // 250}.{Table._count % 250 + 1}", f"fd00:10:244::{Table._count:x}"), namespace, labels)

    def _expected(self):
        """(view, source, destination, family) → mask. A policy on one side must hold even without the other side's policy."""
        both = self._masks(self.data["allowed"])
        expected = {}
        for view, more in (("both", []), ("sends", self.data.get("sends", [])), ("receives", self.data.get("receives", []))):
            extra = self._masks(more)
            for key in both:
                if self._in_table(view, *key[:2]):
                    expected[view, *key] = both[key] | extra[key]
        return expected

    def _masks(self, edges):
        model = self.models[0]
        masks = {(source.name, target.name, family): 0 for source in self.ends for target in self.ends for family in FAMILIES}
        for edge in edges:
            mask = model.everything if edge.get("everything") else 0
            for protocol in PROTOCOLS:
                for port in edge.get(protocol.lower(), []):
                    mask |= model.bits[port, protocol]
            for source in self._names(edge["from"]):
                for target in self._names(edge["to"]):
                    for family in FAMILIES:
                        masks[source, target, family] |= mask
        return masks

    def _names(self, wanted):
        if wanted == "everything":
            return [end.name for end in self.ends]
        if wanted == "outside":
            return [end.name for end in self.ends if not end.namespace]
        if wanted == "pods":
            return [end.name for end in self.ends if end.namespace]
        assert set(wanted) <= {end.name for end in self.ends}, wanted
        return wanted

    def _in_table(self, view, source, target):
        governed = {"both": {source, target}, "sends": {source}, "receives": {target}}[view]
        return source != target and bool(governed & self.governed)

    def cells(self):
        return sum(1 for key in self.expected if key[0] == "both") * len(self.ports) * len(PROTOCOLS)

    def differences(self, policies, most=20):
        found = []
        for model in self.models:
            actual = model.allowed(policies)
            for (view, *key), mask in self.expected.items():
                sends, receives = actual[tuple(key)]
                wrong = {"both": sends & receives, "sends": sends, "receives": receives}[view] ^ mask
                if wrong:
                    for (port, protocol), bit in model.bits.items():
                        if wrong & bit:
                            found.append(f"{view}: {key[0]} → {key[1]} {protocol} {port} {key[2]}: must be {'open' if mask & bit else 'closed'}")
                    if len(found) >= most:
                        return found
        return found


@functools.cache
def table(profile):
    return Table(profile)


@pytest.mark.parametrize("profile", TABLES)
def test_every_cell_is_as_written(profile):
    assert table(profile).cells() >= FEWEST_CELLS
    assert table(profile).differences(table(profile).policies) == []


@pytest.mark.parametrize("profile", TABLES)
def test_every_way_to_break_a_policy_is_noticed(profile):
    unnoticed, tried = [], 0
    for name, policies in mutations(table(profile).policies):
        tried += 1
        if not table(profile).differences(policies, most=1):
            unnoticed.append(name)
    explained = table(profile).data["unnoticed"]
    assert tried > 100
    assert unnoticed == list(explained), f"{len(unnoticed)} of {tried}:\n" + "\n".join(unnoticed)


def test_named_ports_and_expressions_are_not_used():
    for profile in rendering.PROFILES:
        for one in rendering.policies(profile):
            assert "matchExpressions" not in str(one)
            for rules, side in (("ingress", "from"), ("egress", "to")):
                for rule in one["spec"].get(rules, []):
                    if one["metadata"]["name"].endswith("-test-egress"):
                        continue  # a test pod may send anywhere, so that only the policy of its target can stop it
                    assert rule.get(side) and rule.get("ports"), f"{one['metadata']['name']}: an edge names peer and port"
