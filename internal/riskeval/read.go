package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/shape"
)

// A row is one change.
type row struct {
	facts shape.Facts
	bug   bool
}

// A project is the part of a file that is judged.
type project struct {
	name string
	rows []row
}

// newestFifth is where in a file, in tenths, begins what is judged.
const newestFifth = 8

// readAll reads every file of a folder, in the order of their names, and leaves
// out so many tenths of the oldest changes.
func readAll(dir fs.FS, from int) ([]project, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	var projects []project
	for _, e := range entries {
		name, found := strings.CutSuffix(strings.TrimSuffix(e.Name(), ".gz"), ".csv")
		if !found {
			continue
		}
		rows, err := readFile(dir, e.Name(), from)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
		projects = append(projects, project{name, rows})
	}
	if len(projects) == 0 {
		return nil, errors.New("no .csv and no .csv.gz in it")
	}
	return projects, nil
}

func readFile(dir fs.FS, name string, from int) ([]row, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, err
		}
	}
	rows, err := readRows(csv.NewReader(r))
	if err != nil {
		return nil, err
	}
	rows = rows[len(rows)*from/10:]
	bugs := 0
	for _, r := range rows {
		if r.bug {
			bugs++
		}
	}
	if bugs == 0 || bugs == len(rows) {
		return nil, fmt.Errorf("%d of %d judged changes were mended; to rank, some must be and some not", bugs, len(rows))
	}
	return rows, nil
}

// columns are what is read of a row.
var columns = []string{"bug", "la", "nf", "ld", "fix"}

func readRows(r *csv.Reader) ([]row, error) {
	head, err := r.Read()
	if err != nil {
		return nil, err
	}
	head = slices.Clone(head)
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = slices.Index(head, c); at[i] < 0 {
			return nil, fmt.Errorf("no column %q", c)
		}
	}
	r.ReuseRecord = true
	var rows []row
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		var n [5]int
		for i := range columns {
			if n[i], err = strconv.Atoi(record[at[i]]); err != nil || n[i] < 0 {
				line, _ := r.FieldPos(at[i])
				return nil, fmt.Errorf("line %d: %s is %q, want a whole number", line, columns[i], record[at[i]])
			}
		}
		rows = append(rows, row{shape.Facts{Added: n[1], Files: n[2], Deleted: n[3], Issue: n[4] == 1}, n[0] == 1})
	}
}
