"""Runs wrk, and measures the processor time of a run."""

import dataclasses
import json
import pathlib
import subprocess
import time

from contenders import Contender
from processes import cpu_seconds
from surroundings import Surroundings

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
CONNECTIONS = 32
NEW_TASK = {"title": "Water the plants on the second floor"}
DRAIN_SECONDS = 60


@dataclasses.dataclass
class Figures:
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    # Processor time per request of the program itself.
    cpu_us: float
    # Processor time per request of the services, the issuer and PostgreSQL.
    elsewhere_us: float
    # The part of its processor that the program used under load.
    busy: float


def wrk(contender: Contender, method: str, token: str, seconds: int, cpu: int) -> dict:
    command = ["taskset", "--cpu-list", str(cpu), "wrk", "--threads", "1", "--connections", str(CONNECTIONS),
               "--duration", f"{seconds}s", "--timeout", "20s", "--script", str(SCRIPT), f"{contender.url}/api/tasks"]
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "METHOD": method, "TOKEN": token, "BODY": json.dumps(NEW_TASK)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("figures ")]
    if ended.returncode or len(lines) != 1:
        raise SystemExit(f"bench: wrk failed: {ended.stdout}{ended.stderr}")
    figures = json.loads(lines[0].removeprefix("figures "))
    what = f"bench: {contender.name} on {contender.storage}: {method}"
    if figures["failed"]:
        raise SystemExit(f"{what} was not always answered 2xx: {figures}")
    if not figures["requests"]:
        raise SystemExit(f"{what} was not answered within {seconds} s; measure longer with --seconds")
    return figures


def measure(contender: Contender, around: Surroundings, method: str, token: str, seconds: int, cpu: int) -> Figures:
    told_before = told(around)
    own, elsewhere = cpu_seconds(contender.process), cpu_seconds(*around.ids)
    figures = wrk(contender, method, token, seconds, cpu)
    own_under_load = cpu_seconds(contender.process) - own
    number = figures["requests"]
    # The time counts until all services know of the creations. Those still in flight when wrk ended count too.
    if method == "POST":
        number = wait_until_told(contender, around, told_before, number)
    own, elsewhere = cpu_seconds(contender.process) - own, cpu_seconds(*around.ids) - elsewhere
    return Figures(
        requests_per_second=figures["requests"] / figures["seconds"], p50_ms=figures["p50_ms"], p99_ms=figures["p99_ms"],
        cpu_us=own / number * 1e6, elsewhere_us=elsewhere / number * 1e6, busy=own_under_load / figures["seconds"])


def told(around: Surroundings) -> tuple[int, int, int]:
    (notified, not_notified), (audited, not_audited) = around.notified(), around.audited()
    return notified, audited, not_notified + not_audited


def wait_until_told(contender: Contender, around: Surroundings, before: tuple[int, int, int], requests: int) -> int:
    """Waits until all creations reached both services, and returns their number. Fails if one did not."""
    deadline, earlier = time.monotonic() + DRAIN_SECONDS, None
    while True:
        notified, audited, denied = (now - then for now, then in zip(told(around), before))
        if denied:
            raise SystemExit(f"bench: {contender.name}: the other services denied {denied} calls")
        if notified == audited >= requests and (notified, audited) == earlier:
            return audited
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: {contender.name}: {requests} creations, {notified} notified, {audited} audited")
        earlier = (notified, audited)
        time.sleep(0.1)
