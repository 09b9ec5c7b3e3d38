-- The risk score of each subject's newest verdict, to rank a change among what
-- was judged in a repository last: read from the index alone.
ALTER TABLE subjects ADD COLUMN score BIGINT NOT NULL DEFAULT -1; -- -1 before the first verdict
UPDATE subjects SET score = COALESCE((SELECT v.score FROM verdicts v WHERE v.subject = subjects.id ORDER BY v.id DESC LIMIT 1), -1);
CREATE INDEX subjects_scores ON subjects (owner, repo, kind, id, score);
