"""A program that runs one flow of a client, and asks for what its user does on standard output.

Its lines are `open URL`, after which it reads what the browser returns as a URL, `device URL CODE`, and `token TOKEN`.
"""

import os
import subprocess
import urllib.parse

import conftest
from browser import Browser
from conftest import claims
from test_python import user_token

USERS = {"aud": conftest.API, "scp": "access_as_user"}
APPLICATIONS = {"aud": "api://downstream", "roles": ["Write.All"]}
ON_BEHALF_OF = {"aud": "api://downstream", "scp": "Read"}


def obtain(command: list[str], credentials) -> dict:
    """The claims of the token that the program obtains."""
    constants = ("AUTHORITY", "TENANT", "API", "PUBLIC", "API_SCOPE", "DOWNSTREAM_SCOPE")
    environment = os.environ | {key: getattr(conftest, key) for key in constants}
    environment |= {
        "PEM": str(credentials.pem),
        "WORKLOAD_TOKEN": str(credentials.workload_token),
        "USER_TOKEN": user_token(),
    }
    program = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        token = converse(program)
    assert program.returncode == 0 and token, f"{command[-1]} ended with {program.returncode}"
    return claims(token)


def converse(program: subprocess.Popen) -> str | None:
    """Does what the program asks of the user, and returns its token."""
    for line in program.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "open":
            query = urllib.parse.urlencode(Browser().sign_in(rest))
            program.stdin.write(f"http://localhost:41000/?{query}\n")
            program.stdin.flush()
        elif word == "device":
            url, code = rest.split(" ")
            Browser().enter_code(url, code)
        elif word == "token":
            return rest
    return None


def assert_works(command: list[str], expected: dict, credentials) -> None:
    found = obtain(command, credentials)
    assert {key: found.get(key) for key in expected} == expected
