"""Values before and after an upgrade that renames a policy, and adds and removes one with its route."""

import copy

import releases

# Routes to the notification service, each with its own policy.
ADDED = "added"
REMOVED = "removed"
RENAMED = ("tasks", "todo")
POLICY = """---
apiVersion: portcullis.dev/v1alpha1
kind: RoutePolicy
metadata: {name: NAME}
spec:
  issuer: entra
  application: {{ .Values.global.entra.applications.notification | quote }}
  allow: [{callers: users, scopes: [Notify.Send]}]
  upstream: {name: notification}
"""


def before():
    return _values(REMOVED, releases.without_limits()["documents"], releases.authz()["upstreams"])


def after():
    old, new = RENAMED
    documents = releases.without_limits()["documents"]
    assert documents.count(f"metadata: {{name: {old}}}") == 1
    documents = documents.replace(f"metadata: {{name: {old}}}", f"metadata: {{name: {new}}}")
    upstreams = copy.deepcopy(releases.authz()["upstreams"])
    routes = [route for upstream in upstreams for route in upstream["routes"]]
    renamed = [route for route in routes if route["policy"] == old]
    assert renamed
    for route in renamed:
        route["policy"] = new
    return _values(ADDED, documents, upstreams)


def path(name):
    """Path of the route of such a policy."""
    return f"/{name}/notifications"


def _values(name, documents, upstreams):
    upstreams = copy.deepcopy(upstreams)
    (notification,) = [one for one in upstreams if one["name"] == "notification"]
    route = {"name": name, "path": path(name), "removedPrefix": f"/{name}", "policy": name}
    notification["routes"].append(route)
    policies = {**releases.without_limits(), "documents": documents + POLICY.replace("NAME", name)}
    return {"policies": policies, "upstreams": upstreams}
