package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// View opens a database that is there to read it, beside a server that may be
// running. It changes nothing, also not the schema.
func View(ctx context.Context, address string) (*Store, error) {
	if isPostgres(address) {
		return viewPostgres(ctx, address)
	}
	path, err := sqlitePath(address)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the database %s: %w", path, err)
	}
	if info, err := os.Stat(abs); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("there is no database %s", path)
	}
	s := &Store{}
	if s.read, err = connect(abs, patience, "_pragma=query_only(1)"); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	if err := s.read.PingContext(ctx); err != nil {
		_ = s.Close() // the first error says more
		return nil, fmt.Errorf("open the database %s: %w", path, explain(err))
	}
	return s, nil
}

func viewPostgres(ctx context.Context, address string) (*Store, error) {
	c, err := pgConfig(address)
	if err != nil {
		return nil, fmt.Errorf("the database: %w", err)
	}
	s := &Store{read: pgReadOnly(c), postgres: true}
	if err := s.read.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", explain(err)), s.Close())
	}
	return s, nil
}
