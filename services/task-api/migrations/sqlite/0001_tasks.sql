-- AUTOINCREMENT: the id of a deleted task is never given to another, since audit entries refer to it.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    completed INTEGER NOT NULL DEFAULT 0 CHECK (completed IN (0, 1)),
    notification_status TEXT NOT NULL DEFAULT 'unknown' CHECK (notification_status IN ('sent', 'failed', 'unknown')),
    audit_status TEXT NOT NULL DEFAULT 'unknown' CHECK (audit_status IN ('logged', 'failed', 'unknown'))
) STRICT;

CREATE INDEX tasks_by_owner ON tasks (tenant_id, owner_id);
