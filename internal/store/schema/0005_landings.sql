-- landings are what reached a watched branch without a green verdict: commits
-- that nobody judged, forced pushes, branches that were deleted.
CREATE TABLE landings (
    id            BIGINT  NOT NULL PRIMARY KEY,
    repository    TEXT    NOT NULL,             -- "owner/repo"
    branch        TEXT    NOT NULL,
    before_commit TEXT    NOT NULL,             -- where the branch was; the default branch's name for a new one
    after_commit  TEXT    NOT NULL,             -- where it is; zeros when it was deleted
    body          TEXT    NOT NULL,             -- JSON: what the notice says
    at            BIGINT  NOT NULL,
    told          BOOLEAN NOT NULL,             -- whoever is to be notified was
    UNIQUE (repository, branch, before_commit, after_commit)
);
INSERT INTO numbers (name, last) VALUES ('landing', 0);
