-- The pushes to a branch are looked through where it is found elsewhere than they lead.
CREATE INDEX subjects_moves ON subjects (repo, ref, id) WHERE kind = 'push';
