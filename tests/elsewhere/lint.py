"""Runs `portcullis lint` on a file."""

import json
import os
import pathlib
import subprocess


def findings(file: pathlib.Path, policy: pathlib.Path, allowed: tuple[str, ...] = ()) -> list[dict]:
    command = [os.environ["PORTCULLIS"], "lint", "--envoy", file, "--policy", policy, "--format", "json"]
    command += [part for code in allowed for part in ("--allow", code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert bool(found) == bool(done.returncode), done
    return found


def codes(file: pathlib.Path, policy: pathlib.Path, allowed: tuple[str, ...] = ()) -> set[str]:
    return {finding["code"] for finding in findings(file, policy, allowed)}
