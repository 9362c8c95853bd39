"""Stores tasks with each database's fastest driver, without an object-relational layer."""

import contextlib
import sqlite3

import asyncpg

from settings import DATABASE

COLUMNS = "id, title, completed, owner_id, owner_name, tenant_id, version, notification_status, audit_status"
TABLE = """
    tenant_id TEXT NOT NULL, owner_id TEXT NOT NULL, owner_name TEXT NOT NULL, title TEXT NOT NULL,
    completed INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1,
    notification_status TEXT NOT NULL DEFAULT 'unknown', audit_status TEXT NOT NULL DEFAULT 'unknown'
"""
INDEXES = """
    CREATE INDEX IF NOT EXISTS tasks_by_owner ON tasks (tenant_id, owner_id, id);
    CREATE INDEX IF NOT EXISTS tasks_by_tenant ON tasks (tenant_id, id);
"""
OF_OWNER = f"SELECT {COLUMNS} FROM tasks WHERE tenant_id = $1 AND owner_id = $2 ORDER BY id LIMIT 1000"
OF_TENANT = f"SELECT {COLUMNS} FROM tasks WHERE tenant_id = $1 ORDER BY id LIMIT 1000"
CREATE = f"INSERT INTO tasks (tenant_id, owner_id, owner_name, title) VALUES ($1, $2, $3, $4) RETURNING {COLUMNS}"
# The parameters must be in order, because Python's SQLite numbers them as they appear, whatever their names.
TOLD = "UPDATE tasks SET notification_status = $1, audit_status = $2 WHERE id = $3"


class Store:
    """The table of tasks. `fetch(query, *arguments)` commits and returns rows that `dict` accepts."""

    def __init__(self, fetch):
        self.fetch = fetch

    async def list(self, tenant_id: str, owner_id: str | None) -> list[dict]:
        rows = await (self.fetch(OF_TENANT, tenant_id) if owner_id is None else self.fetch(OF_OWNER, tenant_id, owner_id))
        shown = [dict(row) for row in rows]
        if owner_id is not None:
            for task in shown:
                del task["owner_id"]
        return shown

    async def create(self, caller, title: str) -> dict:
        [row] = await self.fetch(CREATE, caller.tenant_id, caller.object_id, caller.name, title)
        return dict(row)

    async def told(self, task_id: int, notification_status: str, audit_status: str) -> None:
        await self.fetch(TOLD, notification_status, audit_status, task_id)


@contextlib.contextmanager
def sqlite(path: str):
    """Runs queries in the event loop, because a query takes less time than its transfer to a thread."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    # As in the Task API, an acknowledged write survives a power cut.
    connection.executescript("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    connection.executescript(f"CREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, {TABLE}); {INDEXES}")

    async def fetch(query: str, *arguments):
        return connection.execute(query, arguments).fetchall()

    yield Store(fetch)
    connection.close()


@contextlib.asynccontextmanager
async def postgres(url: str):
    # As many connections as the Task API has.
    async with asyncpg.create_pool(url, min_size=8, max_size=8) as pool:
        identity = "id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        await pool.execute(f"CREATE TABLE IF NOT EXISTS tasks ({identity}, {TABLE}); {INDEXES}")
        yield Store(pool.fetch)


@contextlib.asynccontextmanager
async def opened():
    if DATABASE.startswith("postgres"):
        async with postgres(DATABASE) as store:
            yield store
    else:
        with sqlite(DATABASE) as store:
            yield store
