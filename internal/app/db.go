package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/changeguard/changeguard/internal/queue"
	"github.com/changeguard/changeguard/internal/store"
)

// Database is what `changeguard db` was asked.
type Database struct {
	DatabaseURL string
	File        string // of an import, "-" for stdin
}

// Migrate brings a database up to date, or makes one.
func (d Database) Migrate(ctx context.Context, stdout, stderr io.Writer) int {
	return d.reported(stderr, d.migrated(ctx, func(*store.Store) error {
		fmt.Fprintln(stdout, "The database is up to date.")
		return nil
	}))
}

// Export writes all of a database as lines of JSON.
func (d Database) Export(ctx context.Context, stdout, stderr io.Writer) int {
	s, err := store.View(ctx, d.DatabaseURL)
	if err != nil {
		return d.reported(stderr, err)
	}
	rows, err := s.Export(ctx, stdout)
	if err := errors.Join(err, s.Close()); err != nil {
		return d.reported(stderr, err)
	}
	fmt.Fprintln(stderr, "Exported", summary(rows))
	return ExitPass
}

// Import fills an empty database from an export.
func (d Database) Import(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) int {
	in := stdin
	if d.File != "-" {
		f, err := os.Open(d.File)
		if err != nil {
			return d.reported(stderr, err)
		}
		defer f.Close()
		in = f
	}
	return d.reported(stderr, d.migrated(ctx, func(s *store.Store) error {
		rows, err := s.Import(ctx, in)
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, "Imported", summary(rows))
		return nil
	}))
}

// migrated runs something on a database that is up to date.
func (d Database) migrated(ctx context.Context, do func(s *store.Store) error) error {
	s, err := store.Open(ctx, d.DatabaseURL)
	if err != nil {
		return err
	}
	if err = queue.Migrate(ctx, s); err == nil {
		err = do(s)
	}
	return errors.Join(err, s.Close())
}

func (d Database) reported(stderr io.Writer, err error) int {
	if err == nil {
		return ExitPass
	}
	fmt.Fprintln(stderr, "changeguard db:", err)
	return ExitUsage
}

func summary(rows map[string]int64) string {
	all := int64(0)
	for _, n := range rows {
		all += n
	}
	return fmt.Sprintf("%d rows of %d tables: %d pull requests, groups and pushes, %d verdicts, %d entries of the audit log.",
		all, len(rows), rows["subjects"], rows["verdicts"], rows["audit"])
}
