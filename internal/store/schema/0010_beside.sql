-- foreign_checks are checks of others that carry the name of the App's own, on a
-- head or on the commit that GitHub made to try its merge, as the last evaluation
-- of each subject saw them.
CREATE TABLE foreign_checks (
    repository    TEXT    NOT NULL,             -- "owner/repo"
    head          TEXT    NOT NULL,             -- commit that the App's check run is on
    subject       BIGINT  NOT NULL,
    body          TEXT    NOT NULL,             -- JSON
    at            BIGINT  NOT NULL,             -- when it was first seen so
    told          BOOLEAN NOT NULL,             -- whoever is to be notified was
    PRIMARY KEY (repository, head, subject)
);

-- asks are what a policy has done to a pull request besides judging it: labels
-- that are set, reviews that are requested. Each is done once; what people undo
-- stays undone.
CREATE TABLE asks (
    repository    TEXT    NOT NULL,             -- "owner/repo"
    number        BIGINT  NOT NULL,             -- of the pull request
    what          TEXT    NOT NULL,             -- "label NAME", "review LOGIN" or "review @org/team"
    refused       TEXT    NOT NULL,             -- why GitHub did not take it; empty when it is done
    at            BIGINT  NOT NULL,
    PRIMARY KEY (repository, number, what)
);

-- noted are the events that the audit log has, so that one that is delivered
-- twice is written down once.
CREATE TABLE noted (
    key           TEXT    NOT NULL PRIMARY KEY,
    at            BIGINT  NOT NULL
);
CREATE INDEX noted_at ON noted (at);
CREATE INDEX commands_by ON commands (by_id, made_at);
