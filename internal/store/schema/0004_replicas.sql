-- Whose turn it is: an installation has a number of subjects with a job at
-- once, and the others wait for one of those to end.
ALTER TABLE subjects ADD COLUMN files BIGINT NOT NULL DEFAULT 0; -- that it changes, as an event said last; 0 when none did
ALTER TABLE subjects ADD COLUMN parked BOOLEAN NOT NULL DEFAULT FALSE; -- it waits for its turn and has no job
CREATE INDEX subjects_parked ON subjects (installation, updated_at) WHERE parked;
CREATE INDEX subjects_active ON subjects (installation) WHERE done < want AND NOT parked;

-- limits are GitHub's rate limits that some program met, until when.
CREATE TABLE limits (
    name          TEXT    NOT NULL PRIMARY KEY, -- installation and what is counted
    until         BIGINT  NOT NULL
);

-- What is kept for how long.
ALTER TABLE subjects ADD COLUMN open_at BIGINT NOT NULL DEFAULT 0; -- when it was last seen open, to the day
CREATE INDEX subjects_groups ON subjects (updated_at) WHERE kind = 'group';
CREATE INDEX runs_updated ON runs (updated_at);
