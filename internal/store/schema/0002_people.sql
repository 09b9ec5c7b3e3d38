-- commands are what people asked for, by a comment or a button, until they were
-- carried out and answered.
CREATE TABLE commands (
    id            BIGINT  NOT NULL PRIMARY KEY,
    subject       BIGINT  NOT NULL REFERENCES subjects (id),
    cause         TEXT    NOT NULL,             -- "comment 123" or "event DELIVERY": the same is obeyed once
    comment       BIGINT  NOT NULL,             -- GitHub's id of the comment, 0 for a button
    head          TEXT    NOT NULL,             -- commit whose button it was, or empty
    by_login      TEXT    NOT NULL,
    by_id         BIGINT  NOT NULL,
    via           TEXT    NOT NULL,             -- the App that the comment was made through, or empty
    body          TEXT    NOT NULL,             -- the line as it was written
    made_at       BIGINT  NOT NULL,             -- as GitHub says
    answer        TEXT    NOT NULL,             -- JSON, empty until it is decided
    answered      BOOLEAN NOT NULL,
    UNIQUE (subject, cause)
);
CREATE INDEX commands_open ON commands (subject, id) WHERE NOT answered;

-- lifts are what people lifted: findings of one content, never more. None is
-- ever changed.
CREATE TABLE lifts (
    id            BIGINT  NOT NULL PRIMARY KEY,
    subject       BIGINT  NOT NULL REFERENCES subjects (id),
    kind          TEXT    NOT NULL,             -- approval or override
    finding       TEXT    NOT NULL,             -- its id
    rule          TEXT    NOT NULL,
    print         TEXT    NOT NULL,             -- of the content that it was found in
    by_login      TEXT    NOT NULL,
    by_id         BIGINT  NOT NULL,
    via           TEXT    NOT NULL,             -- comment or button
    reason        TEXT    NOT NULL,
    made_at       BIGINT  NOT NULL,
    until         BIGINT  NOT NULL,             -- 0 for an approval
    woken         BOOLEAN NOT NULL              -- its subject was asked to be judged again after until
);
CREATE INDEX lifts_subject ON lifts (subject, id);
CREATE INDEX lifts_until ON lifts (until) WHERE until > 0 AND NOT woken;

-- audit is written to and never changed. Each entry holds the hash of the one
-- before.
CREATE TABLE audit (
    id            BIGINT  NOT NULL PRIMARY KEY, -- 1, 2, 3, …
    at            BIGINT  NOT NULL,
    kind          TEXT    NOT NULL,             -- verdict, session, override, approval, lift-session or refusal
    subject       TEXT    NOT NULL,             -- its name
    actor         TEXT    NOT NULL,             -- a login, or empty
    body          TEXT    NOT NULL,             -- JSON
    previous      TEXT    NOT NULL,             -- hash
    hash          TEXT    NOT NULL
);

INSERT INTO numbers (name, last) VALUES ('command', 0), ('lift', 0), ('audit', 0);
