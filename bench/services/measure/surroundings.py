"""The dependencies of the measured programs: the issuer, the notification and audit services, and PostgreSQL."""

import json
import os
import pathlib
import pwd
import re
import ssl
import subprocess
import urllib.parse
import urllib.request

from processes import Processes, answers, free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAMS = pathlib.Path(os.environ["PROGRAMS"])
POSTGRES_BIN = pathlib.Path(os.environ["POSTGRES_BIN"])
CONTOSO = "11111111-1111-4111-8111-111111111111"
TASK_API = "3a5c0001-0000-4000-8000-000000000001"
TASK_API_SECRET = "task-api-secret"
NOTIFICATION = "3a5c0002-0000-4000-8000-000000000002"
AUDIT = "3a5c0003-0000-4000-8000-000000000003"
WEB = "3a5c0004-0000-4000-8000-000000000004"
# One user's list is read while another user creates tasks, so that the list does not change.
READER_OF_TASKS = ("eddie.editor@contoso.example", "Editor-Passw0rd!")
CREATOR_OF_TASKS = ("ada.admin@contoso.example", "Admin-Passw0rd!")
# Neither side logs requests.
LOG = "warn"


class Surroundings:
    def __init__(self, processes: Processes, folder: pathlib.Path, cpu: int):
        self.processes, self.folder, self.cpu = processes, folder, cpu
        self.ids: list[int] = []
        self.authority = self.start_issuer()
        self.notification, self.notified = self.start_service("notification", NOTIFICATION, "/notify")
        self.audit, self.audited = self.start_service("audit", AUDIT, "/audit")
        self.postgres = self.start_postgres()

    @property
    def certificate(self) -> pathlib.Path:
        return self.folder / "entra/ca.pem"

    def start_issuer(self) -> str:
        port, operations = free_port(), free_port()
        command = [PROGRAMS / "dev-entra", "--listen", f"127.0.0.1:{port}", "--state", self.folder / "entra", "--log", LOG,
                   "--operations-listen", f"127.0.0.1:{operations}", "--directory", ROOT / "dev/entra/directory.yaml"]
        self.ids.append(self.processes.start("dev-entra", self.cpu, command, ready(operations)))
        return f"https://localhost:{port}"

    def start_service(self, name: str, client_id: str, route: str):
        """Starts a service. Returns its URL, and a function that counts its accepted and denied calls."""
        port, operations = free_port(), free_port()
        command = [PROGRAMS / name, "--listen", f"127.0.0.1:{port}", "--operations-listen", f"127.0.0.1:{operations}",
                   "--data-dir", self.folder / name, "--client-id", client_id, "--allowed-applications", TASK_API, "--log", LOG,
                   "--home-tenant", CONTOSO, "--authority", self.authority, "--extra-ca", self.certificate]
        self.ids.append(self.processes.start(name, self.cpu, command, ready(operations)))
        return f"http://127.0.0.1:{port}", lambda: calls(operations, route)

    def start_postgres(self) -> str:
        """Starts PostgreSQL with its defaults on a Unix socket. It does not run as root."""
        folder = self.folder / "postgres"
        folder.mkdir()
        owner = {}
        if os.getuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
            owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        init = [POSTGRES_BIN / "initdb", "--no-sync", "--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C",
                "--pgdata", folder / "data"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=folder, **owner)
        command = [POSTGRES_BIN / "postgres", "-D", folder / "data", "-k", folder, "-c", "listen_addresses="]
        is_ready = [POSTGRES_BIN / "pg_isready", "--quiet", "--host", folder]
        self.ids.append(self.processes.start(
            "postgres", self.cpu, command, lambda: subprocess.run(is_ready).returncode == 0, cwd=folder, **owner))
        return str(folder)

    def create_database(self, name: str) -> str:
        create = [POSTGRES_BIN / "createdb", "--host", self.postgres, "--username", "bench", name]
        subprocess.run(create, check=True)
        return f"postgres:///{name}?host={self.postgres}&user=bench"

    def token(self, user: tuple[str, str]) -> str:
        username, password = user
        form = {"grant_type": "password", "client_id": WEB, "scope": f"api://{TASK_API}/access_as_user",
                "username": username, "password": password}
        url = f"{self.authority}/{CONTOSO}/oauth2/v2.0/token"
        trust = ssl.create_default_context(cafile=self.certificate)
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=trust) as reply:
            return json.load(reply)["access_token"]


def ready(operations: int):
    return answers(f"http://127.0.0.1:{operations}/readyz")


def calls(operations: int, route: str) -> tuple[int, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{operations}/metrics") as reply:
        text = reply.read().decode()
    accepted = denied = 0
    for labels, value in re.findall(r"^http_server_request_duration_seconds_count\{(.*)\} (\d+)$", text, re.MULTILINE):
        if f'route="{route}"' in labels and 'method="POST"' in labels:
            if 'status="2' in labels:
                accepted += int(value)
            else:
                denied += int(value)
    return accepted, denied
