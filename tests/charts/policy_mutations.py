"""Mutants of a set of network policies, each with one change: a selector dropped, a peer split, a family, port, rule or policy left out."""

import copy


def mutations(policies):
    """Name and policies of each mutant."""
    for index, policy in enumerate(policies):
        name = f"{policy['metadata']['namespace']}/{policy['metadata']['name']}"
        yield f"{name}: left out", policies[:index] + policies[index + 1 :]
        own = {"matchLabels": {"kubernetes.io/metadata.name": policy["metadata"]["namespace"]}}
        for what, spec in _specs(policy["spec"], own):
            mutant = copy.deepcopy(policy)
            mutant["spec"] = spec
            yield f"{name}: {what}", [*policies[:index], mutant, *policies[index + 1 :]]


def _specs(spec, own):
    for direction in spec["policyTypes"]:
        yield f"without {direction}", {**spec, "policyTypes": [one for one in spec["policyTypes"] if one != direction]}
    for what, selector in _selectors(spec["podSelector"]):
        yield f"podSelector {what}", {**spec, "podSelector": selector}
    for rules, side in (("ingress", "from"), ("egress", "to")):
        for i, rule in enumerate(spec.get(rules, [])):
            for what, changed in _rules(rule, side, own):
                yield f"{rules}[{i}] {what}", {**spec, rules: [*spec[rules][:i], *changed, *spec[rules][i + 1 :]]}


def _rules(rule, side, own):
    """Name and replacement rules of each mutation of one rule."""
    yield "left out", []
    for key in {"ports", side} & rule.keys():
        yield f"without {key}", [{other: value for other, value in rule.items() if other != key}]
    for i, port in enumerate(rule.get("ports", [])):
        rest = rule["ports"][:i] + rule["ports"][i + 1 :]
        if rest:
            yield f"without {port['protocol']} {port['port']}", [{**rule, "ports": rest}]
        for protocol in {"TCP", "UDP", "SCTP"} - {port["protocol"]}:
            yield f"{port['port']} by {protocol}", [{**rule, "ports": [*rest, {**port, "protocol": protocol}]}]
        yield f"{port['protocol']} on every port", [{**rule, "ports": [*rest, {"protocol": port["protocol"]}]}]
    peers = rule.get(side, [])
    for i, peer in enumerate(peers):
        for what, changed in _peers(peer, own):
            remaining = [*peers[:i], *changed, *peers[i + 1 :]]
            yield f"{side}[{i}] {what}", [{**rule, side: remaining}] if remaining else []
    for family, mark in (("IPv4", "."), ("IPv6", ":")):
        kept = [peer for peer in peers if mark not in peer.get("ipBlock", {}).get("cidr", "")]
        if len(kept) < len(peers):
            yield f"without {family}", [{**rule, side: kept}] if kept else []


def _peers(peer, own):
    yield "left out", []
    if {"namespaceSelector", "podSelector"} <= peer.keys():
        yield "without podSelector", [{"namespaceSelector": peer["namespaceSelector"]}]
        # A selector of the policy's own namespace can be left out without a change, by the API's definition.
        if peer["namespaceSelector"] != own:
            yield "without namespaceSelector", [{"podSelector": peer["podSelector"]}]
        yield "AND made OR", [{"namespaceSelector": peer["namespaceSelector"]}, {"podSelector": peer["podSelector"]}]
    for kind in ("namespaceSelector", "podSelector"):
        for what, selector in _selectors(peer.get(kind, {})):
            yield f"{kind} {what}", [{**peer, kind: selector}]
    for one in peer.get("ipBlock", {}).get("except", []):
        rest = [other for other in peer["ipBlock"]["except"] if other != one]
        yield f"without except {one}", [{"ipBlock": {**peer["ipBlock"], "except": rest}}]


def _selectors(selector):
    labels = selector.get("matchLabels") or {}
    for label in labels:
        yield f"without {label}", {"matchLabels": {key: value for key, value in labels.items() if key != label}}
