-- contents are what GitHub showed of what never changes, kept for a short time, so
-- that an evaluation that is begun anew does not ask for it again, and neither does
-- another program. They are sealed by whoever keeps them, and in no export.
CREATE TABLE contents (
    id            TEXT    NOT NULL PRIMARY KEY, -- a digest of what it is
    installation  BIGINT  NOT NULL,             -- that was shown it
    body          TEXT    NOT NULL,             -- sealed
    size          BIGINT  NOT NULL,             -- of the body, in bytes
    kept_at       BIGINT  NOT NULL
);
CREATE INDEX contents_kept ON contents (kept_at, size);
CREATE INDEX contents_installation ON contents (installation);
