"""Compares the Task API with the same endpoints in FastAPI, in alternating rounds."""

import argparse
import os
import pathlib
import platform
import shutil
import signal
import sys
import tempfile

from contenders import FASTAPI_NAMES, STORAGES, Contender, start_fastapi, start_task_api
from colleagues import COLLEAGUES, add_colleagues
from load import CONNECTIONS, NEW_TASK, measure, wrk
from processes import Processes
from report import table
from surroundings import CREATOR_OF_TASKS, READER_OF_TASKS, Surroundings

# The measured program has one processor. The load generator shares the other with the services that the program calls.
MEASURED_CPU, OTHER_CPU = sorted(os.sched_getaffinity(0))[:2] if len(os.sched_getaffinity(0)) > 1 else (None, None)
TASKS_IN_LIST = 20
WARM_UP_SECONDS = 2


def main() -> None:
    arguments = parse()
    if MEASURED_CPU is None:
        raise SystemExit("bench: two processors are needed, one for the program and one for the load")
    # A SIGTERM must also stop the started programs, in `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=arguments.data))
    folder.chmod(0o755)
    processes = Processes(folder)
    try:
        compare(arguments, processes, folder)
    finally:
        # SIGINT is PostgreSQL's fast shutdown.
        processes.stop_all({"postgres": signal.SIGINT})
        shutil.rmtree(folder)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="measure this long each time")
    parser.add_argument("--rounds", type=int, default=3, help="measure each case this many times")
    parser.add_argument(
        "--data", type=pathlib.Path, default=pathlib.Path("/dev/shm"),
        help="keep the databases in this folder (default: /dev/shm, in memory, so that no disk is measured)")
    return parser.parse_args()


def compare(arguments: argparse.Namespace, processes: Processes, folder: pathlib.Path) -> None:
    around = Surroundings(processes, folder, OTHER_CPU)
    tokens = {"GET": around.token(READER_OF_TASKS), "POST": around.token(CREATOR_OF_TASKS)}
    contenders = [contender for storage in STORAGES for contender in (
        start_task_api(processes, around, storage, MEASURED_CPU),
        start_fastapi(processes, around, storage, "each", MEASURED_CPU),
        start_fastapi(processes, around, storage, "kept", MEASURED_CPU))]
    check_answers(contenders, tokens)
    # Reading does not depend on the way of obtaining tokens.
    pairs = [("GET", each) for each in contenders if each.name != FASTAPI_NAMES["kept"]]
    pairs += [("POST", each) for each in contenders]
    for method, contender in pairs:
        wrk(contender, method, tokens[method], WARM_UP_SECONDS, OTHER_CPU)
    measured = {(method, each.storage, each.name): [] for method, each in pairs}
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        for method, each in pairs:
            figures = measure(each, around, method, tokens[method], arguments.seconds, OTHER_CPU)
            measured[method, each.storage, each.name].append(figures)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{arguments.rounds} rounds of {arguments.seconds} s, {CONNECTIONS} connections, a list of {TASKS_IN_LIST} tasks, "
          f"{COLLEAGUES:,} colleagues with as many, {python}, data in {arguments.data}\n")
    print(table(measured))


def check_answers(contenders: list[Contender], tokens: dict[str, str]) -> None:
    """Fills each list and compares the responses of the programs."""
    expected = None
    for contender in contenders:
        add_colleagues(contender, TASKS_IN_LIST)
        for number in range(TASKS_IN_LIST):
            contender.ask(tokens["GET"], {"title": f"Task {number}"})
        answers = comparable(contender.ask(tokens["POST"], NEW_TASK)), comparable(contender.ask(tokens["GET"]))
        expected = expected or answers
        if answers != expected:
            raise SystemExit(f"bench: {contender.name} on {contender.storage} answers\n{answers}\nand others\n{expected}")


def comparable(answer: tuple[int, object]) -> tuple:
    """The response without ids, which differ between databases, and with its members sorted."""
    status, content = answer
    tasks = content if isinstance(content, list) else [content]
    return status, [sorted((name, value) for name, value in task.items() if name != "id") for task in tasks]


if __name__ == "__main__":
    main()
