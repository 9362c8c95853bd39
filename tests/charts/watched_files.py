"""The gateway's files in a folder that Envoy watches, replaced in kubelet's way."""

import time

import envoy_process
import rendering


def mount(folder, version, files):
    """Replaces the files by the next version of a ConfigMap, as kubelet does."""
    (folder / version).mkdir()
    for name, text in files.items():
        (folder / version / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..data_tmp").symlink_to(version)
    (folder / "..data_tmp").rename(folder / "..data")


def files(profile, folder):
    """Returns the chart's files, adapted to free ports."""
    folder.mkdir()
    data = rendering.only(profile, "ConfigMap", "portcullis-gateway")["data"]
    for name, text in data.items():
        (folder / name).write_text(text)
    envoy_process.adapt(folder)
    return {name: (folder / name).read_text() for name in data}


def await_true(what, condition, seconds=20):
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return found


def routes_of(where):
    """Names of the routes in force at Envoy."""
    dump = envoy_process.admin(where, "/config_dump?resource=dynamic_route_configs")
    configs = [one["route_config"] for one in dump.get("configs", [])]
    hosts = [host for config in configs for host in config["virtual_hosts"]]
    return {route["name"] for host in hosts for route in host["routes"]}
