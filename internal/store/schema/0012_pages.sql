-- What the pages ask for is kept as sums and found by indexes, so that they are
-- as fast with many verdicts as with few.

-- The newest verdict of each subject, for lists of all and of some repositories.
ALTER TABLE subjects ADD COLUMN newest BIGINT NOT NULL DEFAULT 0; -- id, 0 before the first
UPDATE subjects SET newest = COALESCE((SELECT max(v.id) FROM verdicts v WHERE v.subject = subjects.id), 0);
CREATE INDEX subjects_newest ON subjects (newest);
CREATE INDEX subjects_repository ON subjects ((lower(owner || '/' || repo)), newest);
CREATE INDEX lifts_made ON lifts (made_at);

-- tallies are how many verdicts of which kind a repository got on a day.
CREATE TABLE tallies (
    day           BIGINT  NOT NULL,             -- since 1970, UTC
    repository    TEXT    NOT NULL,             -- "owner/repo"
    outcome       TEXT    NOT NULL,
    observed      BOOLEAN NOT NULL,
    actor         TEXT    NOT NULL,             -- human, agent or bot; empty where an older version stored it
    number        BIGINT  NOT NULL,
    PRIMARY KEY (day, repository, outcome, observed, actor)
);
INSERT INTO tallies (day, repository, outcome, observed, actor, number)
    SELECT v.created_at / 86400000000, s.owner || '/' || s.repo, v.outcome, v.observed, '', count(*)
    FROM verdicts v JOIN subjects s ON s.id = v.subject
    GROUP BY v.created_at / 86400000000, s.owner || '/' || s.repo, v.outcome, v.observed;

-- counts are other sums of a repository's day: of the verdicts that a rule
-- stopped, and of those that came within so many seconds.
CREATE TABLE counts (
    day           BIGINT  NOT NULL,
    repository    TEXT    NOT NULL,             -- "owner/repo"
    kind          TEXT    NOT NULL,             -- rule or seconds
    name          TEXT    NOT NULL,             -- of the rule; the upper bound, empty for longer ones
    number        BIGINT  NOT NULL,
    PRIMARY KEY (day, repository, kind, name)
);

-- repositories are those of which something was judged.
CREATE TABLE repositories (
    name          TEXT    NOT NULL PRIMARY KEY, -- "owner/repo"
    installation  BIGINT  NOT NULL,
    observed      BOOLEAN NOT NULL,             -- as its newest verdict says
    judged_at     BIGINT  NOT NULL,
    layers        TEXT    NOT NULL,             -- the policies of its newest verdict, JSON; empty when not known
    checked_at    BIGINT  NOT NULL,             -- when GitHub was last asked how it is guarded, 0 for never
    guarded       TEXT    NOT NULL              -- what came out, JSON
);
INSERT INTO repositories (name, installation, observed, judged_at, layers, checked_at, guarded)
    SELECT s.owner || '/' || s.repo, s.installation, v.observed, v.created_at, '', 0, '' FROM verdicts v JOIN subjects s ON s.id = v.subject
    WHERE v.id IN (SELECT max(n.id) FROM verdicts n JOIN subjects m ON m.id = n.subject GROUP BY m.owner, m.repo);
CREATE INDEX repositories_checked ON repositories (checked_at);

-- policies are the texts of policies that judged something.
CREATE TABLE policies (
    digest        TEXT    NOT NULL PRIMARY KEY,
    body          TEXT    NOT NULL,             -- base64
    seen_at       BIGINT  NOT NULL              -- when it judged last, to the day
);

-- snapshots are the changes that the newest verdicts are about, without the
-- contents of files, to lay another policy on them.
CREATE TABLE snapshots (
    subject       BIGINT  NOT NULL PRIMARY KEY,
    verdict       TEXT    NOT NULL,             -- its digest
    body          TEXT    NOT NULL,             -- compressed, base64
    kept_at       BIGINT  NOT NULL
);
CREATE INDEX snapshots_kept ON snapshots (kept_at);
