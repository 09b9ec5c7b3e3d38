-- evidence is what CI attached to commits: sums of tests, the newest of each
-- suite of each workflow.
CREATE TABLE evidence (
    repository    TEXT    NOT NULL,             -- "owner/repo"
    commit_id     TEXT    NOT NULL,
    source        TEXT    NOT NULL,             -- the workflow's path, or "token NAME"
    suite         TEXT    NOT NULL,             -- the name that it was attached under
    ref           TEXT    NOT NULL,             -- refs/heads/main and such as GitHub signed it, or empty
    run           TEXT    NOT NULL,             -- the workflow's run and attempt, or empty
    body          TEXT    NOT NULL,             -- the report as JSON
    received_at   BIGINT  NOT NULL,
    PRIMARY KEY (repository, commit_id, source, suite)
);
CREATE INDEX evidence_refs ON evidence (repository, ref, received_at);
CREATE INDEX evidence_received ON evidence (received_at);

-- watches are the subjects whose verdicts rest on evidence: what comes for one
-- of their commits has them judged again.
CREATE TABLE watches (
    subject       BIGINT  NOT NULL PRIMARY KEY REFERENCES subjects (id),
    repository    TEXT    NOT NULL,             -- "owner/repo"
    head          TEXT    NOT NULL,             -- commit that was judged
    merge_base    TEXT    NOT NULL,             -- commits that it is compared with
    base          TEXT    NOT NULL,
    names         TEXT    NOT NULL,             -- of checks that matter, as JSON
    reports       BOOLEAN NOT NULL,             -- attached ones matter
    since         BIGINT  NOT NULL,             -- evidence for this head was first looked for
    wake          BIGINT  NOT NULL              -- when to look again without an event, 0 for never
);
CREATE INDEX watches_repository ON watches (repository, head);
CREATE INDEX watches_wake ON watches (wake) WHERE wake > 0;

-- tokens let something else than GitHub Actions attach evidence. A token itself
-- is never stored.
CREATE TABLE tokens (
    hash          TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the token, in hexadecimal
    name          TEXT    NOT NULL UNIQUE,
    owner         TEXT    NOT NULL,             -- of the installation
    repo          TEXT    NOT NULL,             -- the only one that it is for, or empty
    made_at       BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    revoked_at    BIGINT  NOT NULL              -- 0 while it holds
);
