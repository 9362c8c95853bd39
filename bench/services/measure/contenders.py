"""The measured programs, each with a database of its own."""

import dataclasses
import json
import pathlib
import sys
import urllib.request

from processes import Processes, answers, free_port
from surroundings import AUDIT, CONTOSO, LOG, NOTIFICATION, PROGRAMS, TASK_API, TASK_API_SECRET, Surroundings

TASK_API_NAME = "task-api"
FASTAPI_NAMES = {"each": "FastAPI, as the original", "kept": "FastAPI, tokens kept"}
FASTAPI = pathlib.Path(__file__).resolve().parents[1] / "fastapi"
STORAGES = ("SQLite", "PostgreSQL")


@dataclasses.dataclass
class Contender:
    name: str
    storage: str
    process: int
    url: str
    # SQLite's file, or the URL of a PostgreSQL database.
    database: str

    def ask(self, token: str, body: dict | None = None) -> tuple[int, object]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/tasks", data, headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)


def start_task_api(processes: Processes, around: Surroundings, storage: str, cpu: int) -> Contender:
    port, operations = free_port(), free_port()
    name = f"task-api-{storage}"
    if storage == "SQLite":
        database = str(around.folder / name / "task-api.sqlite")
        place = ["--data-dir", around.folder / name]
    else:
        database = around.create_database("task_api")
        place = ["--database-url", database]
    command = [
        PROGRAMS / "task-api", "--listen", f"127.0.0.1:{port}", "--operations-listen", f"127.0.0.1:{operations}", "--log", LOG,
        "--client-id", TASK_API, "--home-tenant", CONTOSO, "--authority", around.authority, "--extra-ca", around.certificate,
        "--notification-client-id", NOTIFICATION, "--notification-url", around.notification, "--audit-client-id", AUDIT,
        "--audit-url", around.audit, *place]
    environment = {"AZURE_API_CLIENT_SECRET": TASK_API_SECRET}
    process = processes.start(name, cpu, command, answers(f"http://127.0.0.1:{operations}/readyz"), environment)
    return Contender(TASK_API_NAME, storage, process, f"http://127.0.0.1:{port}", database)


def start_fastapi(processes: Processes, around: Surroundings, storage: str, tokens: str, cpu: int) -> Contender:
    port = free_port()
    name = f"fastapi-{tokens}-{storage}"
    database = str(around.folder / f"{name}.db") if storage == "SQLite" else around.create_database(f"fastapi_{tokens}")
    environment = {
        "AZURE_AUTHORITY_HOST": around.authority, "AZURE_HOME_TENANT_ID": CONTOSO, "AZURE_API_CLIENT_ID": TASK_API,
        "AZURE_API_CLIENT_SECRET": TASK_API_SECRET, "EXTRA_CA_FILE": str(around.certificate),
        "AZURE_NOTIFICATION_CLIENT_ID": NOTIFICATION, "NOTIFICATION_URL": around.notification,
        "AZURE_AUDIT_CLIENT_ID": AUDIT, "AUDIT_URL": around.audit,
        "DATABASE": database, "TOKENS": tokens, "PYTHONDONTWRITEBYTECODE": "1"}
    # One worker, because it has one processor.
    command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", FASTAPI, "--host", "127.0.0.1", "--port", port,
               "--loop", "uvloop", "--http", "httptools", "--workers", "1", "--no-access-log", "--log-level", "warning"]
    process = processes.start(name, cpu, command, answers(f"http://127.0.0.1:{port}/openapi.json"), environment)
    return Contender(FASTAPI_NAMES[tokens], storage, process, f"http://127.0.0.1:{port}", database)
