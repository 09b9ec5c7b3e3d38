-- secrets are what the set-up was given: sealed, so that a copy of the database
-- alone opens nothing.
CREATE TABLE secrets (
    name          TEXT    NOT NULL PRIMARY KEY, -- what it is
    body          TEXT    NOT NULL,             -- sealed
    updated_at    BIGINT  NOT NULL
);

-- sessions are people who signed in. The cookie itself is not kept.
CREATE TABLE sessions (
    id            TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie
    login         TEXT    NOT NULL,
    body          TEXT    NOT NULL,             -- the person's token at GitHub, sealed
    expires_at    BIGINT  NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- What the overview counts is read from the index alone.
CREATE INDEX verdicts_created ON verdicts (created_at, outcome, observed, subject);
