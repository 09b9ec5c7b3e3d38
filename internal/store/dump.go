package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A dump is everything in a database but the queue's jobs, as lines of JSON
// that do not depend on the engine: a head, for each table its name and columns
// and then its rows as arrays, and an end with the number of rows and the
// SHA-256 of all lines before it.
type dumpLine struct {
	Format string           `json:"changeguard,omitempty"`
	Schema []string         `json:"schema,omitempty"` // steps
	Table  string           `json:"table,omitempty"`
	Names  []string         `json:"columns,omitempty"`
	Rows   map[string]int64 `json:"rows,omitempty"` // by table, in the end
	Sum    string           `json:"sha256,omitempty"`
}

const dumpFormat = "database 1"

var createTable = lazyregexp.New(`(?m)^CREATE TABLE (\w+)`)

// tables are those that some steps make, each after those that it refers to.
func tables(steps []string) (list []string, err error) {
	for _, step := range steps {
		body, err := schema.ReadFile("schema/" + step)
		if err != nil {
			return nil, fmt.Errorf("the database was brought to %s by another version; use that one: %w", step, ErrNewer)
		}
		for _, m := range createTable.FindAllStringSubmatch(string(body), -1) {
			if m[1] != "leases" && m[1] != contents { // leases end with those who hold them
				list = append(list, m[1])
			}
		}
	}
	return list, nil
}

// Export writes a dump, of one moment, and returns the number of rows by table.
func (s *Store) Export(ctx context.Context, w io.Writer) (map[string]int64, error) {
	options := &sql.TxOptions{ReadOnly: true}
	if s.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("read the database: %w", explain(err))
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	steps, err := appliedSteps(ctx, tx)
	if err != nil {
		return nil, err
	}
	names, err := tables(steps)
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewWriter(w)
	d := &dumper{hash: sha256.New(), rows: make(map[string]int64)}
	d.lines = json.NewEncoder(io.MultiWriter(buffered, d.hash))
	d.lines.SetEscapeHTML(false)
	if err := d.lines.Encode(dumpLine{Format: dumpFormat, Schema: steps}); err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	for _, name := range names {
		if err := d.table(ctx, tx, name); err != nil {
			return nil, fmt.Errorf("export %s: %w", name, explain(err))
		}
	}
	end := dumpLine{Rows: d.rows, Sum: hex.EncodeToString(d.hash.Sum(nil))}
	if err := errors.Join(d.lines.Encode(end), buffered.Flush()); err != nil {
		return nil, fmt.Errorf("write the export: %w", err)
	}
	return d.rows, nil
}

func appliedSteps(ctx context.Context, q queryer) (list []string, err error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM schema_migrations ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("read the schema's version: %w", explain(err))
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read the schema's version: %w", explain(err))
		}
		list = append(list, name)
	}
	return list, explain(rows.Err())
}

type dumper struct {
	lines *json.Encoder
	hash  hash.Hash
	rows  map[string]int64
}

func (d *dumper) table(ctx context.Context, tx *Tx, name string) error {
	rows, err := tx.QueryContext(ctx, `SELECT * FROM `+name)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := d.lines.Encode(dumpLine{Table: name, Names: columns}); err != nil {
		return err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	d.rows[name] = 0
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, v := range values {
			if n, ok := v.(int64); ok && types[i].DatabaseTypeName() == "BOOLEAN" {
				values[i] = n != 0 // SQLite has none
			}
		}
		if err := d.lines.Encode(values); err != nil {
			return err
		}
		d.rows[name]++
	}
	return rows.Err()
}

// Errors of an import that callers tell apart.
var (
	ErrNotEmpty = errors.New("the database is not empty")
	errCutOff   = errors.New("the export is cut off")
)

// Import fills an empty database from a dump, all of it or nothing, and returns
// the number of rows by table. While a server uses the database it is [ErrServing].
func (s *Store) Import(ctx context.Context, r io.Reader) (rows map[string]int64, err error) {
	err = s.Migrating(ctx, func(ctx context.Context) error {
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return explain(err)
		}
		release, err := s.keepServersAway(ctx, tx)
		if err != nil {
			return errors.Join(explain(err), tx.Rollback())
		}
		if rows, err = s.fill(ctx, tx, r); err != nil {
			return errors.Join(explain(err), tx.Rollback(), release())
		}
		return errors.Join(explain(tx.Commit()), release())
	})
	return rows, err
}

func (s *Store) fill(ctx context.Context, tx *Tx, r io.Reader) (map[string]int64, error) {
	if s.postgres {
		// The dump may come in slowly.
		if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
			return nil, err
		}
	}
	steps, err := appliedSteps(ctx, tx)
	if err != nil {
		return nil, err
	}
	names, err := tables(steps)
	if err != nil {
		return nil, err
	}
	f := &filler{tx: tx, hash: sha256.New(), rows: make(map[string]int64), known: make(map[string]map[string]bool)}
	for _, name := range names {
		if err := f.empty(ctx, name); err != nil {
			return nil, err
		}
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxDumpLine)
	for n := 1; lines.Scan(); n++ {
		done, err := f.line(ctx, lines.Bytes(), n == 1)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if done {
			return f.rows, f.nothingMore(lines)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the export: %w", err)
	}
	return nil, errCutOff
}

// maxDumpLine bounds a row, in bytes.
const maxDumpLine = 256 << 20

// filler reads a dump.
type filler struct {
	tx      *Tx
	hash    hash.Hash
	rows    map[string]int64
	known   map[string]map[string]bool // columns by table
	table   string
	columns []string
	waiting []any // values of rows that were read and not written
}

// empty makes sure that there is nothing in a table, and learns its columns.
// Numbers begin at nothing.
func (f *filler) empty(ctx context.Context, table string) error {
	rows, err := f.tx.QueryContext(ctx, `SELECT * FROM `+table+` LIMIT 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	f.known[table] = make(map[string]bool)
	for _, c := range columns {
		f.known[table][c] = true
	}
	if rows.Next() && table != "numbers" {
		return fmt.Errorf("%w: there are rows in %s; import into a new one", ErrNotEmpty, table)
	}
	return rows.Err()
}

// line takes the next line; done says that it was the end.
func (f *filler) line(ctx context.Context, line []byte, first bool) (done bool, err error) {
	if !first && len(line) > 0 && line[0] == '[' {
		f.sum(line)
		return false, f.row(ctx, line)
	}
	var l dumpLine
	if err := json.Unmarshal(line, &l); err != nil {
		return false, fmt.Errorf("this is no export of a database: %w", err)
	}
	switch {
	case first && l.Format != dumpFormat:
		return false, fmt.Errorf("this is no export of a database that this version reads, whose first line says %q", dumpFormat)
	case first:
	case l.Table != "":
		if err := f.begin(ctx, l); err != nil {
			return false, err
		}
	case l.Sum != "":
		return true, f.end(ctx, l)
	default:
		return false, errors.New("this is no line of an export")
	}
	f.sum(line)
	return false, nil
}

func (f *filler) sum(line []byte) {
	f.hash.Write(line)
	f.hash.Write([]byte{'\n'})
}

// begin turns to the next table.
func (f *filler) begin(ctx context.Context, l dumpLine) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	known := f.known[l.Table]
	if known == nil || len(l.Names) == 0 {
		return fmt.Errorf("this version has no table %q: %w", l.Table, ErrNewer)
	}
	for _, c := range l.Names {
		if !known[c] {
			return fmt.Errorf("this version's table %s has no column %q: %w", l.Table, c, ErrNewer)
		}
	}
	f.table, f.columns = l.Table, l.Names
	f.rows[l.Table] = 0
	return nil
}

func (f *filler) row(ctx context.Context, line []byte) error {
	decoder := json.NewDecoder(strings.NewReader(string(line)))
	decoder.UseNumber()
	var values []any
	if err := decoder.Decode(&values); err != nil {
		return fmt.Errorf("read a row: %w", err)
	}
	if f.table == "" || len(values) != len(f.columns) {
		return fmt.Errorf("a row of %s has %d values for %d columns", f.table, len(values), len(f.columns))
	}
	for i, v := range values {
		if n, ok := v.(json.Number); ok {
			whole, err := n.Int64()
			if err != nil {
				return fmt.Errorf("%s of %s: %w", f.columns[i], f.table, err)
			}
			values[i] = whole
		}
	}
	f.rows[f.table]++
	f.waiting = append(f.waiting, values...)
	if len(f.waiting) < mostRows*len(f.columns) {
		return nil
	}
	return f.flush(ctx)
}

// flush writes the rows that were read.
func (f *filler) flush(ctx context.Context) error {
	conflict := ""
	if f.table == "numbers" {
		conflict = ` ON CONFLICT (name) DO UPDATE SET last = excluded.last`
	}
	err := inRows(f.waiting, len(f.columns), func(some []any) error {
		_, err := f.tx.ExecContext(ctx, `INSERT INTO `+f.table+` (`+strings.Join(f.columns, ", ")+`) VALUES `+
			tuples(len(some)/len(f.columns), len(f.columns), "")+conflict, some...)
		return err
	})
	f.waiting = f.waiting[:0]
	if err != nil {
		return fmt.Errorf("write to %s: %w", f.table, err)
	}
	return nil
}

// end holds what was read against what was written.
func (f *filler) end(ctx context.Context, l dumpLine) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	if sum := hex.EncodeToString(f.hash.Sum(nil)); sum != l.Sum {
		return errors.New("the export was changed or damaged: its checksum is not that of its lines")
	}
	for table, n := range l.Rows {
		if f.rows[table] != n {
			return fmt.Errorf("the export has %d rows of %s and says %d", f.rows[table], table, n)
		}
	}
	return nil
}

func (f *filler) nothingMore(lines *bufio.Scanner) error {
	if lines.Scan() {
		return errors.New("something follows the end of the export")
	}
	return lines.Err()
}
