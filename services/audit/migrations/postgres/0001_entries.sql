-- `actor`, `tenant_id` and `caller_app_id` are what the caller's token proved; `reported_*` is what it said of somebody else.
-- Each tenant's entries are a chain: `hash` covers every column of the row, and so `previous_hash`, the `hash` of the row before.
CREATE TABLE entries (
    tenant_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    action TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    actor TEXT NOT NULL,
    caller_app_id TEXT NOT NULL,
    reported_actor TEXT NOT NULL,
    reported_tenant TEXT NOT NULL,
    timestamp TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, position),
    UNIQUE (tenant_id, caller_app_id, idempotency_key)
);

-- Where each chain ends: without it, whoever cuts off the last entries leaves no trace. Its row is also what writers lock.
CREATE TABLE chains (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- The trail is append-only in the database itself, so that no code path of this service can rewrite it.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit % cannot be changed: % is refused', TG_TABLE_NAME, TG_OP;
END $$;

-- The search path of now, whatever that of the session that inserts.
CREATE FUNCTION entry_continues_the_chain() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM chains
        WHERE tenant_id = NEW.tenant_id AND position = NEW.position - 1 AND hash = NEW.previous_hash
    ) THEN
        RAISE EXCEPTION 'audit entries must continue the chain';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION chain_starts_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position <> 0 OR NEW.hash <> repeat('0', 64) THEN
        RAISE EXCEPTION 'audit chains start empty, once';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION chain_grows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.tenant_id <> OLD.tenant_id OR NEW.position <> OLD.position + 1 OR NOT EXISTS (
        SELECT 1 FROM entries WHERE tenant_id = NEW.tenant_id AND position = NEW.position AND hash = NEW.hash
    ) THEN
        RAISE EXCEPTION 'audit chains grow by one entry';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER entries_refuse_change BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_continue BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entry_continues_the_chain();
CREATE TRIGGER chains_start BEFORE INSERT ON chains FOR EACH ROW EXECUTE FUNCTION chain_starts_empty();
CREATE TRIGGER chains_grow BEFORE UPDATE ON chains FOR EACH ROW EXECUTE FUNCTION chain_grows();
CREATE TRIGGER chains_refuse_delete BEFORE DELETE ON chains FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chains_refuse_truncate BEFORE TRUNCATE ON chains FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A session with session_replication_role = replica passes by ordinary triggers.
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_refuse_change;
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_refuse_truncate;
ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_continue;
ALTER TABLE chains ENABLE ALWAYS TRIGGER chains_start;
ALTER TABLE chains ENABLE ALWAYS TRIGGER chains_grow;
ALTER TABLE chains ENABLE ALWAYS TRIGGER chains_refuse_delete;
ALTER TABLE chains ENABLE ALWAYS TRIGGER chains_refuse_truncate;
