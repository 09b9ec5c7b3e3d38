package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/changeguard/changeguard/internal/store"
)

// Audit is what `changeguard audit` was asked.
type Audit struct {
	DatabaseURL string
	Kind        string // of entries to export; "" means all
	Overrides   bool   // export what went in by an override, and nothing else
	File        string // an export to verify instead of the database, "-" for stdin
	Contains    string // a hash that the log must hold
}

// Export writes the audit log as JSON, one entry a line, the oldest first.
func (a Audit) Export(ctx context.Context, stdout, stderr io.Writer) int {
	return a.open(ctx, stderr, func(s *store.Store) (int, error) {
		w := bufio.NewWriter(stdout)
		enc := json.NewEncoder(w)
		for e, err := range s.AuditLog(ctx) {
			if err != nil {
				return ExitUsage, err
			}
			if a.Kind != "" && e.Kind != a.Kind || a.Overrides && e.Kind != store.AuditMerge {
				continue
			}
			if err := enc.Encode(e); err != nil {
				return ExitUsage, fmt.Errorf("write an entry: %w", err)
			}
		}
		return ExitPass, w.Flush()
	})
}

// Verify checks that each entry is as it was written and follows the one before.
func (a Audit) Verify(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) int {
	verify := func(entries iter.Seq2[store.Entry, error]) (int, error) {
		return a.verify(entries, stdout)
	}
	if a.File == "" {
		return a.open(ctx, stderr, func(s *store.Store) (int, error) { return verify(s.AuditLog(ctx)) })
	}
	in := stdin
	if a.File != "-" {
		f, err := os.Open(a.File)
		if err != nil {
			fmt.Fprintln(stderr, "changeguard audit:", err)
			return ExitUsage
		}
		defer f.Close()
		in = f
	}
	return reported(stderr)(verify(exported(in)))
}

func (a Audit) verify(entries iter.Seq2[store.Entry, error], stdout io.Writer) (int, error) {
	var chain store.Chain
	found := a.Contains == ""
	for e, err := range entries {
		if err != nil {
			return ExitUsage, err
		}
		if err := chain.Add(e); err != nil {
			return ExitStopped, err
		}
		found = found || e.Hash == a.Contains
	}
	last, hash := chain.Head()
	if !found {
		return ExitStopped, fmt.Errorf("no entry has the hash %q: the log was cut off or written anew since it was noted", a.Contains)
	}
	if last == 0 {
		fmt.Fprintln(stdout, "The audit log is empty.")
		return ExitPass, nil
	}
	fmt.Fprintf(stdout, "%d entries, none changed. Keep the last one's hash elsewhere, and later ask for it with --contains:\n%s\n", last, hash)
	return ExitPass, nil
}

// open runs something on the database that is there.
func (a Audit) open(ctx context.Context, stderr io.Writer, do func(s *store.Store) (int, error)) int {
	s, err := store.View(ctx, a.DatabaseURL)
	if err != nil {
		fmt.Fprintln(stderr, "changeguard audit:", err)
		return ExitUsage
	}
	code, err := do(s)
	return reported(stderr)(code, errors.Join(err, s.Close()))
}

// reported says an error, and returns an exit code that is not 0 then.
func reported(stderr io.Writer) func(int, error) int {
	return func(code int, err error) int {
		if err == nil {
			return code
		}
		fmt.Fprintln(stderr, "changeguard audit:", err)
		return max(code, ExitStopped)
	}
}

// maxEntry bounds a line of an export, in bytes.
const maxEntry = 1 << 20

// exported reads the entries of an export.
func exported(in io.Reader) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		lines := bufio.NewScanner(in)
		lines.Buffer(nil, maxEntry)
		for n := 1; lines.Scan(); n++ {
			var e store.Entry
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				yield(e, fmt.Errorf("line %d is no entry of an audit log: %w", n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(store.Entry{}, fmt.Errorf("read the export: %w", err))
		}
	}
}
