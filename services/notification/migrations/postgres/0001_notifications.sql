-- `id` is a UUID of version 7, which sorts by time: it is the order of lists, and tells nothing of other users' volume.
CREATE TABLE notifications (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    event TEXT NOT NULL,
    task_title TEXT NOT NULL,
    recipient TEXT,
    email TEXT,
    user_oid TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    caller_app_id TEXT NOT NULL,
    idempotency_key TEXT,
    timestamp TEXT NOT NULL,
    UNIQUE (tenant_id, user_oid, idempotency_key)
);

CREATE INDEX notifications_by_user ON notifications (tenant_id, user_oid, id);
