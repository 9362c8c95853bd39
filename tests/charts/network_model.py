"""A model of the NetworkPolicy API: which ends may talk, by port, protocol and IP family."""

import ipaddress
from dataclasses import dataclass, field

PROTOCOLS = ("TCP", "UDP", "SCTP")
FAMILIES = ("IPv4", "IPv6")


@dataclass(frozen=True)
class End:
    """A pod, which has a namespace, or a host outside the cluster, which has none."""

    name: str
    addresses: tuple
    namespace: str = ""
    labels: dict = field(default_factory=dict, hash=False, compare=False)

    def address(self, family):
        return self.addresses[FAMILIES.index(family)]


class Model:
    """Evaluates policies over ends. `blocks_match_pods`: whether an ipBlock matches addresses of pods, in which network plugins differ."""

    def __init__(self, ends, ports, blocks_match_pods):
        self.ends, self.ports, self.blocks_match_pods = ends, ports, blocks_match_pods
        self.bits = {(port, protocol): 1 << i for i, (port, protocol) in enumerate((p, q) for p in ports for q in PROTOCOLS)}
        self.everything = (1 << len(self.bits)) - 1

    def allowed(self, policies):
        """(source, destination, family) → two masks of (port, protocol): those the source may send, those the destination may receive."""
        table = {}
        for family in FAMILIES:
            sends = {end.name: self._direction(policies, end, "Egress", family) for end in self.ends}
            receives = {end.name: self._direction(policies, end, "Ingress", family) for end in self.ends}
            for source in self.ends:
                for target in self.ends:
                    table[source.name, target.name, family] = sends[source.name](target), receives[target.name](source)
        return table

    def _direction(self, policies, end, direction, family):
        """Returns a function of another end: the mask of what `end` may exchange with it."""
        mine = [
            policy["spec"]
            for policy in policies
            if end.namespace
            and policy["metadata"]["namespace"] == end.namespace
            and direction in policy["spec"]["policyTypes"]
            and _selects(policy["spec"]["podSelector"], end.labels)
        ]
        if not mine:
            return lambda _other: self.everything
        side, rules = ("to", "egress") if direction == "Egress" else ("from", "ingress")
        rules = [(rule.get(side), self._ports(rule), policy_namespace) for spec in mine for rule in spec.get(rules, []) for policy_namespace in [end.namespace]]

        def mask(other):
            total = 0
            for peers, ports, namespace in rules:
                if not peers or any(self._matches(peer, other, namespace, family) for peer in peers):
                    total |= ports
            return total

        return mask

    def _ports(self, rule):
        if not rule.get("ports"):
            return self.everything
        total = 0
        for entry in rule["ports"]:
            assert isinstance(entry.get("port", 0), int), f"port {entry['port']} is named: changed labels could point it to another port"
            for (port, protocol), bit in self.bits.items():
                if protocol == entry.get("protocol", "TCP") and entry.get("port", port) <= port <= entry.get("endPort", entry.get("port", port)):
                    total |= bit
        return total

    def _matches(self, peer, end, namespace, family):
        if "ipBlock" in peer:
            if end.namespace and not self.blocks_match_pods:
                return False
            address = ipaddress.ip_address(end.address(family))
            block = peer["ipBlock"]
            return address in ipaddress.ip_network(block["cidr"]) and not any(
                address in ipaddress.ip_network(one) for one in block.get("except", [])
            )
        if not end.namespace:
            return False
        if "namespaceSelector" in peer:
            if not _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": end.namespace}):
                return False
        elif end.namespace != namespace:
            return False
        return _selects(peer.get("podSelector", {}), end.labels)


def _selects(selector, labels):
    assert set(selector) <= {"matchLabels"}, f"this model supports only matchLabels: {selector}"
    return (selector.get("matchLabels") or {}).items() <= labels.items()
