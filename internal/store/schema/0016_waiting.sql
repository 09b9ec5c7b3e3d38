-- What waits for evidence is known by itself, and not by the words of its title.
ALTER TABLE verdicts ADD COLUMN waiting BOOLEAN NOT NULL DEFAULT FALSE; -- for evidence that may come yet
UPDATE verdicts SET waiting = TRUE WHERE title LIKE 'Waiting: %' AND outcome IN ('fail', 'approve') AND NOT observed;
