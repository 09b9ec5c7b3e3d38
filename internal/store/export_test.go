package store

import "database/sql"

// Reader is the pool that pages are read with.
func Reader(s *Store) *sql.DB { return s.read }
