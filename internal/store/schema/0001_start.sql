-- Times are microseconds since 1970 UTC.

-- deliveries are GitHub's webhooks as they were acknowledged. GitHub sends one
-- again under the same id, so what counts is whether it was processed.
CREATE TABLE deliveries (
    id           TEXT    NOT NULL PRIMARY KEY, -- X-GitHub-Delivery
    event        TEXT    NOT NULL,             -- X-GitHub-Event
    action       TEXT    NOT NULL,
    subject      BIGINT  NOT NULL,             -- what is evaluated for it
    want         BIGINT  NOT NULL,             -- processed when the subject's done has reached this
    received_at  BIGINT  NOT NULL
);
CREATE INDEX deliveries_received ON deliveries (received_at);

-- subjects are what is evaluated: a pull request, a merge group, a push.
CREATE TABLE subjects (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,      -- "owner/repo#7" or "owner/repo@commit"
    kind         TEXT    NOT NULL,             -- pull, group or push
    installation BIGINT  NOT NULL,
    owner        TEXT    NOT NULL,
    repo         TEXT    NOT NULL,
    number       BIGINT  NOT NULL,             -- of the pull request, else 0
    base         TEXT    NOT NULL,             -- branch or commit, as the last event said
    head         TEXT    NOT NULL,             -- commit
    ref          TEXT    NOT NULL,             -- the pushed or the queue's branch
    want         BIGINT  NOT NULL,             -- events received
    done         BIGINT  NOT NULL,             -- events whose state was evaluated
    updated_at   BIGINT  NOT NULL
);

-- verdicts are never changed. The newest of a subject is its current one.
CREATE TABLE verdicts (
    id           INTEGER PRIMARY KEY,
    subject      BIGINT  NOT NULL,
    digest       TEXT    NOT NULL,             -- the verdict's own id
    outcome      TEXT    NOT NULL,
    observed     BOOLEAN NOT NULL,
    title        TEXT    NOT NULL,
    head         TEXT    NOT NULL,
    merge_base   TEXT    NOT NULL,
    policy       TEXT    NOT NULL,             -- digest
    score        BIGINT  NOT NULL,             -- risk
    subject_line TEXT    NOT NULL,             -- the pull request's title
    created_at   BIGINT  NOT NULL,
    body         TEXT    NOT NULL              -- JSON
);
CREATE INDEX verdicts_subject ON verdicts (subject, id);
CREATE INDEX verdicts_head ON verdicts (head);

-- runs are the check runs that stand on GitHub, one per head.
CREATE TABLE runs (
    repository   TEXT    NOT NULL,             -- "owner/repo"
    head         TEXT    NOT NULL,
    run_id       BIGINT  NOT NULL,
    external_id  TEXT    NOT NULL,             -- digest of the verdicts behind it
    conclusion   TEXT    NOT NULL,             -- empty while in progress
    updated_at   BIGINT  NOT NULL,
    PRIMARY KEY (repository, head)
);

-- comments are the one comment of each pull request.
CREATE TABLE comments (
    repository   TEXT    NOT NULL,
    number       BIGINT  NOT NULL,
    comment_id   BIGINT  NOT NULL,
    digest       TEXT    NOT NULL,             -- of its text
    PRIMARY KEY (repository, number)
);

-- records hold what sticks, as JSON: to a pull request, a branch or a commit.
CREATE TABLE records (
    scope        TEXT    NOT NULL PRIMARY KEY, -- "pull owner/repo#7", "branch owner/repo:name", "commit owner/repo@id"
    body         TEXT    NOT NULL
);
