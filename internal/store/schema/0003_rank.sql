-- What was judged in a repository last, to rank a change's risk among it.
CREATE INDEX subjects_repository ON subjects (owner, repo, kind, id);
