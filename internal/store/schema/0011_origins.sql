-- origins are what verdicts came out of besides commits: titles, texts, labels
-- and what was recorded, so that they can be computed again. They are private as
-- pull requests are, and go with their verdicts.
CREATE TABLE origins (
    verdict       BIGINT  NOT NULL PRIMARY KEY, -- its id
    body          TEXT    NOT NULL              -- JSON
);
