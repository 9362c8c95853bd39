"""Rules for every pod of every profile: Pod Security "restricted", and further rules of the hardening guides."""

import pytest
import rendering


def pods(profile):
    return list(rendering.pod_templates(profile))


def containers(pod):
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_pods_are_restricted(profile):
    assert pods(profile)
    for name, pod in pods(profile):
        spec = pod["spec"]
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True and context["runAsUser"] >= 10000, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        for volume in spec.get("volumes", []):
            assert set(volume) - {"name"} <= {"configMap", "secret", "emptyDir", "projected", "persistentVolumeClaim"}, name
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert not any("hostPort" in port for port in container.get("ports", [])), name
            assert {"requests", "limits"} <= container["resources"].keys(), name
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), name
            assert not container["image"].endswith(":latest") and (":" in container["image"]), name


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_workloads_are_probed_spread_and_drained(profile):
    for one in rendering.objects(profile):
        if one["kind"] != "Deployment":
            continue
        name, spec = one["metadata"]["name"], one["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys(), name
        # /readyz would restart a process that only waits for a dependency.
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez", name
        if name == "dev-entra":
            continue
        assert {entry["topologyKey"] for entry in spec["topologySpreadConstraints"]} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        grace = spec["terminationGracePeriodSeconds"]
        drains = [argument for argument in container.get("args", []) if argument.startswith(("--drain-delay=", "--drain-timeout="))]
        if drains:
            assert sum(int(argument.split("=")[1].removesuffix("s")) for argument in drains) < grace, name
        else:
            command = container["lifecycle"]["preStop"]["exec"]["command"]
            assert int(command[-1].removeprefix("--at-most=")) < grace, name
        if one["spec"]["strategy"].get("type") != "Recreate":
            assert one["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, name


@pytest.mark.parametrize(
    ("profile", "strategy", "drain"),
    [
        ("task-suite--entra", "Recreate", "0s"),
        ("task-suite--development", "Recreate", "0s"),
        ("task-suite--postgresql", "RollingUpdate", "35s"),
    ],
)
def test_a_service_drains_only_if_another_pod_takes_its_place(profile, strategy, drain):
    for name in ("task-api", "notification", "audit"):
        one = rendering.only(profile, "Deployment", name)
        assert one["spec"]["strategy"].get("type", "RollingUpdate") == strategy, name
        assert f"--drain-delay={drain}" in one["spec"]["template"]["spec"]["containers"][0]["args"], name


def test_gateway_finds_an_only_pod_by_the_address_of_its_service():
    for profile, service in (("task-suite--entra", "task-api"), ("task-suite--postgresql", "portcullis-to-task-api")):
        text = rendering.only(profile, "ConfigMap", "portcullis-gateway")["data"]["clusters.yaml"]
        assert f"address: {service}.portcullis.svc.cluster.local., port_value: 8000" in text, profile
        headless = rendering.only(profile, "Service", service)["spec"].get("clusterIP") == "None"
        assert headless == (service != "task-api"), profile


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_secrets_are_files(profile):
    for name, pod in pods(profile):
        for container in containers(pod):
            for variable in container.get("env", []):
                # The programs read URLs, which may hold a password, only from the environment.
                assert "value" in variable or variable["name"] in ("DATABASE_URL", "RATE_LIMIT_STORE"), (name, variable)


def test_no_client_secret_is_in_a_development_cluster():
    text = rendering.text("task-suite--development")
    assert "CLIENT_SECRET" not in text
    assert "task-api-secret" not in text


CREDENTIALS = [
    ("service-account-token", "AZURE_FEDERATED_TOKEN_FILE", "projected"),
    ("workload-identity", None, None),
    ("client-certificate,credentialSecretName=own", "AZURE_CLIENT_CERTIFICATE_PATH", "secret"),
    ("client-secret,credentialSecretName=own", "AZURE_CLIENT_SECRET_FILE", "secret"),
]


@pytest.mark.parametrize(("credential", "variable", "source"), CREDENTIALS, ids=[one[0] for one in CREDENTIALS])
def test_the_task_api_alone_has_exactly_the_chosen_credential(credential, variable, source):
    done = rendering.template("task-suite--entra", "--set", f"credential={credential}")
    assert done.returncode == 0, done.stderr
    for one in rendering.yaml.safe_load_all(done.stdout):
        if one and one["kind"] == "Deployment" and one["metadata"]["name"] in ("task-api", "notification", "audit"):
            has = source is not None and one["metadata"]["name"] == "task-api"
            pod = one["spec"]["template"]
            (container,) = pod["spec"]["containers"]
            files = {entry["name"]: entry["value"] for entry in container.get("env", [])}
            assert list(files) == ([variable] if has else []), one["metadata"]["name"]
            volumes = [volume for volume in pod["spec"]["volumes"] if volume["name"] == "credential"]
            assert [source in volume for volume in volumes] == ([True] if has else [])
            for mount in container["volumeMounts"]:
                if mount["name"] == "credential":
                    assert files[variable].startswith(f"{mount['mountPath']}/")
            injected = "azure.workload.identity/use" in pod["metadata"]["labels"]
            assert injected == (credential == "workload-identity" and one["metadata"]["name"] == "task-api")


def test_budgets_exist_exactly_for_what_has_several_pods():
    for profile in rendering.PROFILES:
        budgets = {one["metadata"]["name"] for one in rendering.objects(profile) if one["kind"] == "PodDisruptionBudget"}
        several = {
            one["metadata"]["name"]
            for one in rendering.objects(profile)
            if one["kind"] == "Deployment" and one["spec"].get("replicas", 2) > 1
        }
        assert budgets == several, profile


def test_autoscaled_deployments_state_no_replicas():
    scaled = [one["spec"]["scaleTargetRef"]["name"] for one in rendering.objects("portcullis--own-services") if one["kind"] == "HorizontalPodAutoscaler"]
    assert sorted(scaled) == ["portcullis-authz", "portcullis-gateway"]
    for name in scaled:
        assert "replicas" not in rendering.only("portcullis--own-services", "Deployment", name)["spec"]


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_selectors_select_and_ports_exist(profile):
    templates = [(one["metadata"]["namespace"], one["spec"]["template"]) for one in rendering.objects(profile) if one["kind"] == "Deployment"]
    for one in rendering.objects(profile):
        if one["kind"] == "Service" and one["metadata"]["namespace"] == rendering.NAMESPACE:
            chosen = [
                pod for namespace, pod in templates
                if namespace == one["metadata"]["namespace"] and one["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
            ]
            if "app" in one["spec"]["selector"]:
                continue  # a user's own pods
            assert len(chosen) == 1, one["metadata"]["name"]
            listening = {port["containerPort"] for container in containers(chosen[0]) for port in container.get("ports", [])}
            assert {port["targetPort"] for port in one["spec"]["ports"]} <= listening, one["metadata"]["name"]


def test_a_mac_key_is_mounted_by_the_authz_server_and_by_its_own_upstream_alone():
    for profile in ("task-suite--entra", "task-suite--development"):
        mounted = {}
        for one in rendering.objects(profile):
            if one["kind"] == "Deployment":
                for volume in one["spec"]["template"]["spec"]["volumes"]:
                    sources = [source["secret"]["name"] for source in volume.get("projected", {}).get("sources", []) if "secret" in source]
                    for name in [*sources, volume.get("secret", {}).get("secretName", "")]:
                        if "-mac-" in name:
                            mounted.setdefault(name, set()).add(one["metadata"]["name"])
        assert mounted == {f"portcullis-mac-{name}": {"portcullis-authz", name} for name in ("task-api", "notification", "audit")}


@pytest.mark.parametrize("profile", rendering.PROFILES)
def test_no_key_is_rendered_where_each_rendering_would_make_another(profile):
    made = {one["metadata"]["name"] for one in rendering.objects(profile) if one["kind"] == "Secret"}
    # Only development has one, with dev-entra's certificate.
    assert made <= {"dev-entra-certificate"} and not made & rendering.secrets_left_out(rendering.text(profile))
    again = rendering.template(profile).stdout
    if not made:
        assert again == rendering.text(profile)


def test_secrets_that_are_left_out_are_those_that_the_chart_would_make():
    made_by_chart = "authz.assertionKey.secretName=,gateway.tls.secretName="
    key, certificate = "portcullis-assertion-key", "portcullis-gateway-self-signed"
    for settings, left_out in [
        (made_by_chart, {key, certificate, "portcullis-mac-orders"}),
        ("authz.assertionKey.secretName=", {key, "portcullis-mac-orders"}),
        ("gateway.tls.secretName=", {certificate, "portcullis-mac-orders"}),
        ("upstreams[0].macKey.create=false,upstreams[0].macKey.secretName=mine,gateway.tls.secretName=", {certificate}),
    ]:
        done = rendering.template("portcullis--sidecar", "--set", settings)
        assert done.returncode == 0, done.stderr
        assert rendering.secrets_left_out(done.stdout) == left_out, settings


def test_the_sidecar_is_up_before_envoy_and_shares_nothing_but_the_socket():
    spec = rendering.only("portcullis--sidecar", "Deployment", "portcullis-gateway")["spec"]["template"]["spec"]
    _, authz, *_ = spec["initContainers"]
    (envoy,) = spec["containers"]
    assert authz["restartPolicy"] == "Always" and "startupProbe" in authz
    assert "--listen=unix:/run/portcullis/authz.sock" in authz["args"] and "--drain-delay=0s" in authz["args"]
    mounts = [{mount["name"] for mount in container["volumeMounts"]} for container in (authz, envoy)]
    assert set.intersection(*mounts) == {"authz-socket"}
    names = {one["metadata"]["name"] for one in rendering.objects("portcullis--sidecar") if one["kind"] in ("Deployment", "Service", "ServiceAccount")}
    assert "portcullis-authz" not in names
