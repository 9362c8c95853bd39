"""Starts the real programs of a test on free ports, and ends exactly those."""

import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

START_SECONDS = 20


class Programs:
    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.running: list[tuple[str, subprocess.Popen, pathlib.Path]] = []

    def start(self, name: str, command: list, ready, environment: dict | None = None, cwd=None) -> None:
        """Starts a program and waits until `ready` is true."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                list(map(str, command)), stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=environment, cwd=cwd)
        self.running.append((name, process, log))
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            ended = process.poll()
            if ended is not None or time.monotonic() > deadline:
                state = f"ended with {ended}" if ended is not None else f"is not ready after {START_SECONDS} s"
                raise AssertionError(f"{name} {state}; its log:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.02)

    def stop(self, name: str) -> None:
        for entry in [entry for entry in self.running if entry[0] == name]:
            _end(entry[1])
            self.running.remove(entry)

    def stop_all(self) -> None:
        for _, process, _ in reversed(self.running):
            _end(process)
        self.running.clear()


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that is free now. Another program may still take it first; `ready` then fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str):
    """Returns a check for `ready`: whether the URL answers 200."""

    def check() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False

    return check
