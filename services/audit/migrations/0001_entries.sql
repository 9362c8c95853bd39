-- `actor` and `tenant_id` are what the caller reported; `caller_*` is what its token proved.
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    caller_app_id TEXT NOT NULL,
    caller_tenant_id TEXT NOT NULL,
    timestamp TEXT NOT NULL
) STRICT;

CREATE INDEX entries_by_caller_tenant ON entries (caller_tenant_id, sequence);

-- The trail is append-only in the database itself, so that no code path of this service can rewrite it.
CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be changed');
END;

CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be deleted');
END;

-- INSERT OR REPLACE deletes the conflicting row without firing the trigger above (recursive_triggers is off by default).
CREATE TRIGGER entries_refuse_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE id = NEW.id OR sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'audit entries cannot be replaced');
END;
