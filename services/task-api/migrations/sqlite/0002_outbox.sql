-- SQLite cannot change a CHECK, so the table is made anew. Ids given so far must not come back: see 0001.
CREATE TABLE tasks_anew (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    completed INTEGER NOT NULL DEFAULT 0 CHECK (completed IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1,
    notification_status TEXT NOT NULL CHECK (notification_status IN ('pending', 'sent', 'failed', 'unknown')),
    notification_reason TEXT,
    audit_status TEXT NOT NULL CHECK (audit_status IN ('pending', 'logged', 'failed', 'unknown'))
) STRICT;

INSERT INTO tasks_anew (id, tenant_id, owner_id, owner_name, title, completed, notification_status, audit_status)
SELECT id, tenant_id, owner_id, owner_name, title, completed, notification_status, audit_status FROM tasks;

DELETE FROM sqlite_sequence WHERE name = 'tasks_anew';
INSERT INTO sqlite_sequence (name, seq) SELECT 'tasks_anew', seq FROM sqlite_sequence WHERE name = 'tasks';
DROP TABLE tasks;
ALTER TABLE tasks_anew RENAME TO tasks;
CREATE INDEX tasks_by_owner ON tasks (tenant_id, owner_id, id);
CREATE INDEX tasks_by_tenant ON tasks (tenant_id, id);

-- What other services have yet to hear. A row goes when it is delivered or given up.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('notification', 'audit')),
    idempotency_key TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    task_id INTEGER NOT NULL,
    task_version INTEGER NOT NULL,
    task_title TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    request_id TEXT,
    -- The process that has the user's token in its memory, for notifications.
    process TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    -- Not to be tried before, in milliseconds since 1970; moved ahead while somebody tries.
    due_at INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_due ON outbox (kind, due_at);

-- Processes say regularly that they live, so that others can tell whose tokens are lost.
CREATE TABLE processes (
    id TEXT PRIMARY KEY,
    lives_until INTEGER NOT NULL
) STRICT;

-- What each key of a client created, so that repeating a request creates nothing more.
CREATE TABLE creations (
    tenant_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    title TEXT NOT NULL,
    task_id INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner_id, idempotency_key)
) STRICT;

CREATE INDEX creations_by_age ON creations (created_at);
