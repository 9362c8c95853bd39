-- `sequence` orders entries of the same millisecond; `id` is what clients see and tells nothing of other users' volume.
CREATE TABLE notifications (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    task_title TEXT NOT NULL,
    recipient TEXT,
    email TEXT,
    user_oid TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    timestamp TEXT NOT NULL
) STRICT;

CREATE INDEX notifications_by_user ON notifications (tenant_id, user_oid, sequence);
