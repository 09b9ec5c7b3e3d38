-- notifications wait to be sent to a channel outside. What was sent stays until
-- its subject is green, so that the same is not told twice.
INSERT INTO numbers (name, last) VALUES ('notification', 0);
CREATE TABLE notifications (
    id            BIGINT  NOT NULL PRIMARY KEY,
    key           TEXT    NOT NULL UNIQUE,      -- what is told, where: told once
    channel       TEXT    NOT NULL,             -- its name at the server
    subject       BIGINT  NOT NULL,             -- what it is about, 0 for none
    kind          TEXT    NOT NULL,             -- finding, escalation or notice
    body          TEXT    NOT NULL,             -- JSON
    state         TEXT    NOT NULL,             -- held (an escalation that must be confirmed), waiting, sent or dropped
    attempts      BIGINT  NOT NULL,
    next_at       BIGINT  NOT NULL,             -- when it is due
    created_at    BIGINT  NOT NULL
);
CREATE INDEX notifications_due ON notifications (state, next_at);
CREATE INDEX notifications_subject ON notifications (subject);
