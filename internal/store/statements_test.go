package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
)

// one is a connection for itself, and what it keeps.
func one(t *testing.T) (*sql.Conn, func() int) {
	t.Helper()
	db, err := connect(filepath.Join(t.TempDir(), "s.db"), patience, "_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, func() (n int) {
		err := c.Raw(func(inner any) error { n = len(inner.(*conn).idle); return nil })
		if err != nil {
			t.Error(err)
		}
		return n
	}
}

func exec(t *testing.T, c *sql.Conn, query string, args ...any) {
	t.Helper()
	if _, err := c.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	c, kept := one(t)
	exec(t, c, `CREATE TABLE a (n BIGINT); CREATE TABLE b (n BIGINT)`)
	if kept() != 0 {
		t.Errorf("%d kept of a script", kept())
	}
	for i := range 5 {
		exec(t, c, "-- a comment; with more in it\nINSERT INTO a (n) VALUES ($1)", i)
	}
	if kept() != 1 {
		t.Errorf("%d kept of one text", kept())
	}
	for i := range 2 * maxIdle {
		exec(t, c, fmt.Sprintf(`UPDATE a SET n = %d`, i))
	}
	if kept() != maxIdle {
		t.Errorf("%d kept of very many", kept())
	}
}

// The same question can be asked again while its rows are read, and after the
// tables that it is about have changed.
func TestStatementsAreNotShared(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c, kept := one(t)
	exec(t, c, `CREATE TABLE a (n BIGINT)`)
	exec(t, c, `INSERT INTO a (n) VALUES (1), (2), (3)`)
	const query = `SELECT * FROM a WHERE n >= $1 ORDER BY n`
	sum := 0
	var read func(from, depth int)
	read = func(from, depth int) {
		rows, err := c.QueryContext(ctx, query, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			sum += n
			if depth > 0 {
				read(from+1, depth-1)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	read(1, 1)
	if sum != 1+2+3+3*(2+3) {
		t.Errorf("sum %d", sum)
	}
	before := kept()
	if _, err := c.ExecContext(ctx, `INSERT INTO a (n, missing) VALUES (1, 2)`); err == nil {
		t.Error("a wrong statement was run")
	}
	if kept() != before {
		t.Error("a wrong statement was kept")
	}
	exec(t, c, `ALTER TABLE a ADD COLUMN m BIGINT`)
	rows, err := c.QueryContext(ctx, query, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if columns, err := rows.Columns(); err != nil || len(columns) != 2 {
		t.Errorf("columns %v, %v", columns, err)
	}
}
