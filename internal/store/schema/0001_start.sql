-- One text for both engines. Times are microseconds since 1970 UTC, JSON is
-- TEXT, and ids come from the table numbers, since the engines differ in how
-- they count by themselves.

-- numbers count up. Whoever takes one holds the row until the end of its
-- transaction, so ids are committed in their order.
CREATE TABLE numbers (
    name          TEXT    NOT NULL PRIMARY KEY, -- what is counted
    last          BIGINT  NOT NULL              -- the last one given out
);
INSERT INTO numbers (name, last) VALUES ('subject', 0), ('verdict', 0), ('records', 0);

-- subjects are what is evaluated: a pull request, a merge group, a push. One
-- waits to be evaluated while done < want.
CREATE TABLE subjects (
    id            BIGINT  NOT NULL PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,      -- "owner/repo#7", "owner/repo@commit" or "owner/repo:branch@commit"
    kind          TEXT    NOT NULL,             -- pull, group or push
    installation  BIGINT  NOT NULL,             -- GitHub's id, as the last event said
    owner         TEXT    NOT NULL,
    repo          TEXT    NOT NULL,
    number        BIGINT  NOT NULL,             -- of the pull request, else 0
    base          TEXT    NOT NULL,             -- branch or commit, as the last event said
    head          TEXT    NOT NULL,             -- commit, as the last event said
    ref           TEXT    NOT NULL,             -- the pushed or the queue's branch
    want          BIGINT  NOT NULL,             -- events received
    done          BIGINT  NOT NULL,             -- events whose state was evaluated
    anew          BIGINT  NOT NULL,             -- want that asked for a new result last, 0 for none
    judged        BIGINT  NOT NULL,             -- want at the start of the evaluation that stored a verdict last
    failing_since BIGINT  NOT NULL,             -- first of the failures since the last event, 0 for none
    updated_at    BIGINT  NOT NULL              -- last event
);
CREATE INDEX subjects_waiting ON subjects (id) WHERE done < want;
CREATE INDEX subjects_head ON subjects (head);
CREATE INDEX subjects_pushes ON subjects (updated_at) WHERE kind = 'push';

-- deliveries are GitHub's webhooks as they were acknowledged, one row for each
-- subject that one is about. GitHub sends one again under the same id, so what
-- counts is whether it was processed: whether the subject's done has reached
-- want.
CREATE TABLE deliveries (
    id            TEXT    NOT NULL,             -- X-GitHub-Delivery
    event         TEXT    NOT NULL,             -- X-GitHub-Event
    action        TEXT    NOT NULL,             -- the payload's action, or empty
    subject       BIGINT  NOT NULL REFERENCES subjects (id),
    want          BIGINT  NOT NULL,             -- what it raised the subject's want to
    received_at   BIGINT  NOT NULL,             -- first time
    PRIMARY KEY (subject, id)
);
CREATE INDEX deliveries_received ON deliveries (received_at);

-- verdicts are never changed. The newest of a subject is its current one.
CREATE TABLE verdicts (
    id            BIGINT  NOT NULL PRIMARY KEY,
    subject       BIGINT  NOT NULL REFERENCES subjects (id),
    evaluation    BIGINT  NOT NULL,             -- the subject's want when the evaluation began
    digest        TEXT    NOT NULL,             -- the verdict's own id
    outcome       TEXT    NOT NULL,             -- pass, fail, approve or incomplete
    observed      BOOLEAN NOT NULL,             -- the policy only observes
    title         TEXT    NOT NULL,             -- the verdict in one line
    head          TEXT    NOT NULL,             -- commit
    base          TEXT    NOT NULL,             -- commit
    merge_base    TEXT    NOT NULL,             -- commit
    policy        TEXT    NOT NULL,             -- digest
    score         BIGINT  NOT NULL,             -- risk
    subject_line  TEXT    NOT NULL,             -- the pull request's title
    created_at    BIGINT  NOT NULL,
    body          TEXT    NOT NULL,             -- the verdict as JSON
    inputs        TEXT    NOT NULL              -- what it was computed from, as JSON, or empty
);
CREATE INDEX verdicts_subject ON verdicts (subject, id);

-- runs are the check runs that stand on GitHub, one per head.
CREATE TABLE runs (
    repository    TEXT    NOT NULL,             -- "owner/repo"
    head          TEXT    NOT NULL,             -- commit
    run_id        BIGINT  NOT NULL,             -- GitHub's id
    external_id   TEXT    NOT NULL,             -- digest of the verdicts behind it
    conclusion    TEXT    NOT NULL,             -- empty while in progress
    updated_at    BIGINT  NOT NULL,
    PRIMARY KEY (repository, head)
);

-- comments are the one comment of each pull request.
CREATE TABLE comments (
    repository    TEXT    NOT NULL,             -- "owner/repo"
    number        BIGINT  NOT NULL,             -- of the pull request
    comment_id    BIGINT  NOT NULL,             -- GitHub's id
    digest        TEXT    NOT NULL,             -- of its text
    PRIMARY KEY (repository, number)
);

-- records hold what sticks to a pull request, a branch or a commit.
CREATE TABLE records (
    scope         TEXT    NOT NULL PRIMARY KEY, -- "pull owner/repo#7", "branch owner/repo:name", "commit owner/repo@id"
    body          TEXT    NOT NULL              -- JSON
);
