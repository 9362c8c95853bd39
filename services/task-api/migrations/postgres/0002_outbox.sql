ALTER TABLE tasks
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN notification_status TEXT NOT NULL CHECK (notification_status IN ('pending', 'sent', 'failed', 'unknown')),
    ADD COLUMN notification_reason TEXT,
    ADD COLUMN audit_status TEXT NOT NULL CHECK (audit_status IN ('pending', 'logged', 'failed', 'unknown'));

CREATE INDEX tasks_by_owner ON tasks (tenant_id, owner_id, id);
CREATE INDEX tasks_by_tenant ON tasks (tenant_id, id);

-- What other services have yet to hear. A row goes when it is delivered or given up.
CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('notification', 'audit')),
    idempotency_key TEXT NOT NULL UNIQUE,
    event TEXT NOT NULL,
    task_id BIGINT NOT NULL,
    task_version BIGINT NOT NULL,
    task_title TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    request_id TEXT,
    -- The process that has the user's token in its memory, for notifications.
    process TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    -- Not to be tried before, in milliseconds since 1970; moved ahead while somebody tries.
    due_at BIGINT NOT NULL
);

CREATE INDEX outbox_by_due ON outbox (kind, due_at);

-- Processes say regularly that they live, so that others can tell whose tokens are lost.
CREATE TABLE processes (
    id TEXT PRIMARY KEY,
    lives_until BIGINT NOT NULL
);

-- What each key of a client created, so that repeating a request creates nothing more.
CREATE TABLE creations (
    tenant_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    title TEXT NOT NULL,
    task_id BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, owner_id, idempotency_key)
);

CREATE INDEX creations_by_age ON creations (created_at);
