"""Starts programs on one processor, and measures their processor time."""

import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

START_SECONDS = 30
TICKS = os.sysconf("SC_CLK_TCK")


class Processes:
    """The started programs. They are stopped in reverse order."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.running: list[tuple[str, subprocess.Popen, pathlib.Path]] = []

    def start(self, name: str, cpu: int, command: list, is_ready, environment: dict | None = None, **others) -> int:
        """Starts a program, waits until `is_ready`, and returns the process id. It inherits no environment."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["taskset", "--cpu-list", str(cpu), *map(str, command)], env=environment or {}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **others)
        self.running.append((name, process, log))
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: {name} does not start; it said:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.02)
        return process.pid

    def stop_all(self, stop_signal: dict[str, int]) -> None:
        for name, process, _ in reversed(self.running):
            process.send_signal(stop_signal.get(name, signal.SIGTERM))
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.running.clear()


def answers(url: str):
    """A check for `is_ready`: whether the URL answers 2xx."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    return check


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(*process_ids: int) -> float:
    """User and system time of the processes and all that descend from them."""
    stats = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name in parentheses may contain blanks.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            # proc(5): state, ppid, … utime, stime, cutime, cstime. The last two count children that have ended.
            stats[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    counted, total = set(process_ids), 0
    while found := {child for child, (parent, _) in stats.items() if parent in counted} - counted:
        counted |= found
    for process_id in counted:
        total += stats.get(process_id, (0, 0))[1]
    return total / TICKS
