"""Values that contradict each other fail the rendering, and the message names them."""

import json

import pytest
import rendering

OWN, SIDECAR, SUITE, POSTGRES, DEVELOPMENT = (
    "portcullis--own-services", "portcullis--sidecar", "task-suite--entra", "task-suite--postgresql", "task-suite--development",
)
CASES = [
    (OWN, "policies.configMapName=other", "policies.documents and policies.configMapName"),
    (OWN, "policies.documents=", "policies.documents is empty"),
    (OWN, "gateway.tls.certManager.issuerName=", "gateway.tls.certManager.issuerName"),
    (OWN, "gateway.service.nodePort=30080", "gateway.service.nodePort"),
    (OWN, "gateway.service.type=ClusterIP,gateway.service.loadBalancerSourceRanges[0]=10.0.0.0/8", "loadBalancerSourceRanges"),
    (OWN, "authz.autoscaling.minReplicas=9", "minReplicas 9 is more than maxReplicas 6"),
    (OWN, "gateway.drainAtLeastSeconds=30", "gateway.drainAtMostSeconds"),
    (OWN, "upstreams[0].timeout=25s", "may take 25s: a leaving gateway would cut"),
    (OWN, "upstreams[0].timeout=25000ms", "may take 25000ms"),
    (OWN, "upstreams[0].timeout=0s", "/upstreams/0/timeout"),
    (OWN, "authz.extraCA.secretName=a,authz.extraCA.configMapName=b", "authz.extraCA"),
    (OWN, "traces.endpoint=http://collector:4317", "traces.peers"),
    (OWN, "traces.endpoint=collector", "/traces/endpoint"),
    (OWN, "authz.rateLimitStore.urlSecretName=valkey", "authz.rateLimitStore.peers"),
    (OWN, "metrics.namespace=", "metrics.serviceMonitor.enabled needs metrics.namespace"),
    (OWN, "upstreams[0].policy=other", "names the policy other, which is not in policies.documents"),
    (OWN, "upstreams[0].removedPrefix=/orders", "removedPrefix /orders is not the beginning of the path"),
    (OWN, "upstreams[0].removedPrefix=/shop/orders", "removedPrefix /shop/orders"),
    (OWN, "upstreams[0].name=authz", "the name authz is taken"),
    (OWN, "upstreams[0].name=buy", "whose assertions are for orders"),
    (OWN, "upstreams[0].macKey.create=true,upstreams[0].macKey.secretName=own", "macKey has both create and secretName"),
    (OWN, "upstreams[0].macKey.create=false", "orders: macKey says nothing"),
    (OWN, "authz.placement=sidecar", "authz.autoscaling.enabled with authz.placement sidecar"),
    (OWN, "authz.placement=daemonset", "/authz/placement"),
    (OWN, "authz.decisionCacheMiB=512", "authz.resources.limits.memory is 512Mi"),
    (OWN, "authz.rateLimitMemoryMiB=512,authz.resources.limits.memory=700Mi", "need 864Mi"),
    (OWN, "tests.otherNamespace=portcullis", "tests.otherNamespace is portcullis, the release's own namespace"),
    (OWN, "tests.otherNamespace=a,tests.hostNetworkNamespace=a", "tests.hostNetworkNamespace and tests.otherNamespace are both a"),
    (OWN, "tests.strangerNamespace=a", "strangerNamespace"),
    (POSTGRES, "portcullis.traces.endpoint=http://collector.monitoring.svc:4317", "collector.monitoring.svc ends in .svc"),
    (SUITE, "global.entra.authority=https://entra.login.svc", "entra.login.svc ends in .svc"),
    (SIDECAR, "gateway.tls.mode=off", "RFC 6797 section 7.2 forbids the header without TLS"),
    (SIDECAR, "gateway.hsts.preload=true,gateway.hsts.includeSubDomains=false", "gateway.hsts.preload needs"),
    (SIDECAR, "gateway.hsts.preload=true,gateway.hsts.maxAgeSeconds=300", "gateway.hsts.preload needs"),
    (SUITE, "global.entra.tenant=", "global.entra.tenant is empty"),
    (SUITE, "global.entra.applications.audit=", "global.entra.applications.audit is empty"),
    (SUITE, "global.entra.tenant=11111111-1111-4111-8111-111111111111", "one of dev-entra's"),
    (SUITE, "services.replicas=2", "services.replicas is 2 with database.type sqlite"),
    (SUITE, "services.requestTimeoutSeconds=15", "services.requestTimeoutSeconds is 15 and the gateway waits 15s at the route task-api-me"),
    (SUITE, "database.urlSecretName=databases", "database.urlSecretName is set with database.type sqlite"),
    (SUITE, "credential=client-secret", "name the Secret in credentialSecretName"),
    (SUITE, "credential=client-certificate", "name the Secret in credentialSecretName"),
    (SUITE, "credentialSecretName=task-api-client", "credential workload-identity needs no Secret"),
    (SUITE, "devEntra.enabled=true", "must not run where real tokens are trusted"),
    (POSTGRES, "database.urlSecretName=", "database.urlSecretName"),
    (POSTGRES, "global.onePodEach=true", "database.type is postgresql and global.onePodEach is true"),
    (POSTGRES, "database.peers=null", "database.peers"),
    (DEVELOPMENT, "global.entra.tenant=33333333-3333-4333-8333-333333333333", "must not run beside a real tenant"),
    (DEVELOPMENT, "global.entra.guestTenants[0]=33333333-3333-4333-8333-333333333333", "must not run beside a real tenant"),
    (DEVELOPMENT, "global.entra.authority=https://login.microsoftonline.us", "must not run where real tokens are trusted"),
    (DEVELOPMENT, "devEntra.clusterKeys=", "devEntra.clusterKeys is empty"),
    (DEVELOPMENT, "credential=workload-identity", "credential is workload-identity, which only Entra accepts"),
    (DEVELOPMENT, "credential=client-certificate,credentialSecretName=own", "credential is client-certificate, which only Entra accepts"),
    (DEVELOPMENT, "portcullis.networkPolicy.enabled=false", "every pod of the cluster could obtain a token"),
    # The schema is closed and names the place.
    (OWN, "gatway.replicas=3", "gatway"),
    (OWN, "gateway.replicas=0", "/gateway/replicas"),
    (OWN, "gateway.tls.mode=none", "/gateway/tls/mode"),
    (OWN, "upstreams[0].port=70000", "/upstreams/0/port"),
    (OWN, "upstreams[0].path=/a/../b", "/upstreams/0/path"),
    (OWN, "upstreams[0].path=/a;b", "/upstreams/0/path"),
    (OWN, "gateway.corsOrigins[0]=https://*.example", "/gateway/corsOrigins/0"),
    (OWN, "pods.userId=0", "/pods/userId"),
    (SUITE, "trustGatway=true", "trustGatway"),
    (SUITE, "portcullis.authz.replicsa=2", "replicsa"),
    (SUITE, "credential=password", "/credential"),
    (SUITE, "services.requestTimeoutSeconds=0", "/services/requestTimeoutSeconds"),
]


@pytest.mark.parametrize(("profile", "change", "words"), CASES, ids=[f"{profile}-{change}" for profile, change, _ in CASES])
def test_contradictions_fail_the_rendering(profile, change, words):
    done = rendering.template(profile, "--set", change)
    assert done.returncode != 0, "it rendered"
    assert words in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("profile", "change"),
    [
        (OWN, "authz.decisionCacheMiB=288"),
        (OWN, "upstreams[0].timeout=24s"),
        (OWN, "upstreams[0].timeout=24999ms"),
        (SUITE, "services.requestTimeoutSeconds=14"),
        (POSTGRES, "portcullis.traces.endpoint=http://collector.monitoring.svc:4317,portcullis.pods.ndots=3"),
        (POSTGRES, "portcullis.traces.endpoint=http://collector.monitoring:4317"),
        # With MAC keys, no service fetches assertion keys over the network.
        (SUITE, "portcullis.networkPolicy.enabled=false"),
        (SIDECAR, "gateway.tls.mode=off,gateway.trustedHops=1"),
        (SIDECAR, "gateway.hsts.preload=true"),
    ],
)
def test_values_that_just_agree_render(profile, change):
    done = rendering.template(profile, "--set", change)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("first", "second", "renders"),
    [
        pytest.param({"path": "/a", "match": "below"}, {"path": "/a/b"}, False, id="path below"),
        pytest.param({"path": "/a", "match": "below"}, {"path": "/a", "match": "child"}, False, id="children of a path below"),
        pytest.param({"path": "/a", "match": "child"}, {"path": "/a/b"}, False, id="child"),
        pytest.param({"path": "/a"}, {"path": "/a"}, False, id="same path"),
        pytest.param({"path": "/a/b"}, {"path": "/a", "match": "below"}, True, id="longer path first"),
        pytest.param({"path": "/a", "match": "child"}, {"path": "/a/b/c"}, True, id="grandchild"),
        pytest.param({"path": "/a", "match": "below"}, {"path": "/ab"}, True, id="longer segment"),
    ],
)
def test_unreachable_routes_are_rejected(first, second, renders):
    routes = [{"policy": "orders", **first}, {"policy": "orders", **second}]
    upstreams = [{"name": "orders", "selector": {"app": "orders"}, "port": 8080, "routes": routes}]
    done = rendering.template(OWN, "--set-json", f"upstreams={json.dumps(upstreams)}")
    assert (done.returncode == 0) == renders, done.stderr
    assert renders or "can never be reached" in done.stderr, done.stderr


def test_header_trust_needs_policies_or_assertions():
    unbound = rendering.values("portcullis--own-services")
    text = (rendering.HERE / "profiles/portcullis--own-services.yaml").read_text()
    text = text.replace("upstream: {name: orders}", "upstream: {name: orders, assertion: {bind: none}}")
    chart, _ = unbound
    for enabled, renders in (("true", True), ("false", False)):
        done = rendering.subprocess.run(
            [rendering.os.environ["HELM"], "template", "x", str(chart), "--kube-version", rendering.KUBERNETES, "--values", "-",
             "--set", f"networkPolicy.enabled={enabled},metrics.serviceMonitor.enabled=false"],
            input=text, capture_output=True, text=True, check=False,
        )
        assert (done.returncode == 0) == renders, f"networkPolicy.enabled={enabled}: {done.stderr}"
        assert renders or "could not tell the authz server from any other caller" in done.stderr, done.stderr


def test_services_need_mac_keys_without_network_policies():
    upstreams = rendering.yaml.safe_load((rendering.CHARTS / "task-suite/values.yaml").read_text())["portcullis"]["upstreams"]
    for without, renders in ((None, True), ("notification", False)):
        given = [{key: value for key, value in one.items() if (one["name"], key) != (without, "macKey")} for one in upstreams]
        done = rendering.template(SUITE, "--set", "portcullis.networkPolicy.enabled=false", "--set-json", f"portcullis.upstreams={json.dumps(given)}")
        assert (done.returncode == 0) == renders, f"without the key of {without}: {done.stderr}"
        assert renders or "notification would take the keys of assertions over plain HTTP" in done.stderr, done.stderr
