"""Adds other users' tasks to the tenant, because a table of one user would hide bad query plans."""

import contextlib
import sqlite3
import subprocess

from contenders import Contender
from surroundings import CONTOSO, POSTGRES_BIN

COLLEAGUES = 1_000
INSERT = """
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {rows})
    INSERT INTO tasks (tenant_id, owner_id, owner_name, title, notification_status, audit_status)
    SELECT '{tenant}', 'colleague ' || number % {colleagues}, 'Colleague', 'Task ' || number, 'sent', 'logged' FROM numbers
"""


def add_colleagues(contender: Contender, tasks_of_each: int) -> None:
    insert = INSERT.format(rows=COLLEAGUES * tasks_of_each, colleagues=COLLEAGUES, tenant=CONTOSO)
    if contender.storage == "SQLite":
        with contextlib.closing(sqlite3.connect(f"file:{contender.database}?mode=rw", uri=True)) as connection, connection:
            connection.execute(insert)
        return
    # PostgreSQL would analyze the table by itself only after a minute or two.
    statements = ["SET search_path = task_api, public", insert, "ANALYZE tasks"]
    command = [POSTGRES_BIN / "psql", "--quiet", "--set=ON_ERROR_STOP=1", contender.database]
    subprocess.run(command + [f"--command={statement}" for statement in statements], check=True)
