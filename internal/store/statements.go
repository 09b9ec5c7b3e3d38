package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// connector opens connections that keep their prepared statements. The program
// and its queue ask the same few dozen questions over and over; to parse and
// plan them anew each time costs more than to answer them.
type connector struct{ driver.Connector }

func newConnector(address string) (driver.Connector, error) {
	inner, err := sqlite.NewConnector(address)
	if err != nil {
		return nil, err
	}
	return connector{inner}, nil
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(fullConn)
	if !ok {
		return inner, nil
	}
	return &conn{fullConn: full, idle: make(map[string]statement)}, nil
}

// fullConn is what the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// conn is used by one goroutine at a time, as database/sql promises.
type conn struct {
	fullConn
	idle map[string]statement // by text, those not in use
}

// statement is what the driver's statements can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// maxIdle bounds the statements that are kept. The program has fewer; it is for
// the day when somebody builds SQL from values.
const maxIdle = 200

// take returns a prepared statement, which nobody else uses until it is put
// back.
func (c *conn) take(ctx context.Context, query string) (statement, error) {
	if s, ok := c.idle[query]; ok {
		delete(c.idle, query)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("a %T cannot be kept", prepared), prepared.Close())
	}
	return s, nil
}

// put keeps a statement that worked. One that failed is not trusted again.
func (c *conn) put(query string, s statement, err error) error {
	if _, twice := c.idle[query]; err != nil || twice || len(c.idle) >= maxIdle {
		return s.Close()
	}
	c.idle[query] = s
	return nil
}

// single reports whether a query is one statement. Only such are kept; a
// semicolon may end one anywhere but in a line of comment.
func single(query string) bool {
	if !strings.Contains(query, ";") {
		return true
	}
	for line := range strings.Lines(query) {
		if strings.Contains(line, ";") && !strings.HasPrefix(strings.TrimSpace(line), "--") {
			return false
		}
	}
	return true
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !single(query) {
		return c.fullConn.ExecContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	if e := c.put(query, s, err); err == nil {
		err = e
	}
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !single(query) {
		return c.fullConn.QueryContext(ctx, query, args)
	}
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = s.Close() // the error that matters is the query's
		return nil, err
	}
	return &rows{Rows: found, conn: c, query: query, stmt: s}, nil
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	var first error
	for _, s := range c.idle {
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
	}
	clear(c.idle)
	if err := c.fullConn.Close(); err != nil {
		return err
	}
	return first
}

// rows give their statement back when they are closed.
type rows struct {
	driver.Rows
	conn  *conn
	query string
	stmt  statement // nil once given back
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.stmt == nil {
		return err
	}
	s := r.stmt
	r.stmt = nil
	if e := r.conn.put(r.query, s, err); err == nil {
		err = e
	}
	return err
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if named, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return named.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}
