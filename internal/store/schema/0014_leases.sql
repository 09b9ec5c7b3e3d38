-- leases are what programs that share a PostgreSQL hold, beside the locks
-- themselves: a lock ends with the connection, and whoever had it may not know
-- yet. What it writes afterwards is refused by its lease, and nobody else begins
-- before it has had the time to notice. One is deleted when it is let go.
CREATE TABLE leases (
    key           TEXT    NOT NULL PRIMARY KEY, -- what is held
    token         TEXT    NOT NULL,             -- of the one hold that it is
    taken_at      BIGINT  NOT NULL,             -- by the database's clock
    lost_at       BIGINT  NOT NULL              -- when somebody found it without its lock, 0 while it holds
);
CREATE INDEX leases_taken ON leases (taken_at);

-- What went in by an override is listed by itself, however long the log is.
CREATE INDEX audit_kind ON audit (kind, id);
