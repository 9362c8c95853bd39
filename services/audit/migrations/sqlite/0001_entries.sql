-- `actor`, `tenant_id` and `caller_app_id` are what the caller's token proved; `reported_*` is what it said of somebody else.
-- Each tenant's entries are a chain: `hash` covers every column of the row, and so `previous_hash`, the `hash` of the row before.
CREATE TABLE entries (
    tenant_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    caller_app_id TEXT NOT NULL,
    reported_actor TEXT NOT NULL,
    reported_tenant TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    idempotency_key TEXT,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, position),
    UNIQUE (tenant_id, caller_app_id, idempotency_key)
) STRICT;

-- Where each chain ends: without it, whoever cuts off the last entries leaves no trace.
CREATE TABLE chains (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;

-- The trail is append-only in the database itself, so that no code path of this service can rewrite it.
CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be changed');
END;

CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be deleted');
END;

-- INSERT OR REPLACE deletes the conflicting row without firing the trigger above, unless recursive_triggers is on.
CREATE TRIGGER entries_refuse_replace BEFORE INSERT ON entries
WHEN EXISTS (
    SELECT 1 FROM entries
    WHERE id = NEW.id
        OR (tenant_id = NEW.tenant_id AND caller_app_id = NEW.caller_app_id AND idempotency_key = NEW.idempotency_key)
)
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be replaced');
END;

CREATE TRIGGER entries_continue_the_chain BEFORE INSERT ON entries
WHEN NOT EXISTS (
    SELECT 1 FROM chains
    WHERE tenant_id = NEW.tenant_id AND position = NEW.position - 1 AND hash = NEW.previous_hash
)
BEGIN
    SELECT RAISE(ABORT, 'audit entries must continue the chain');
END;

CREATE TRIGGER chains_start_empty BEFORE INSERT ON chains
WHEN NEW.position <> 0
    OR NEW.hash <> '0000000000000000000000000000000000000000000000000000000000000000'
    OR EXISTS (SELECT 1 FROM chains WHERE tenant_id = NEW.tenant_id)
BEGIN
    SELECT RAISE(ABORT, 'audit chains start empty, once');
END;

CREATE TRIGGER chains_grow BEFORE UPDATE ON chains
WHEN NEW.tenant_id <> OLD.tenant_id
    OR NEW.position <> OLD.position + 1
    OR NOT EXISTS (
        SELECT 1 FROM entries WHERE tenant_id = NEW.tenant_id AND position = NEW.position AND hash = NEW.hash
    )
BEGIN
    SELECT RAISE(ABORT, 'audit chains grow by one entry');
END;

CREATE TRIGGER chains_refuse_delete BEFORE DELETE ON chains
BEGIN
    SELECT RAISE(ABORT, 'audit chains cannot be deleted');
END;
