package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/changeguard/changeguard/internal/nearest"
)

// The bounds of a record file. A text is longer than any that Remember writes.
const (
	maxRecord = 4 << 20
	maxText   = 1024
)

// ParseRecord reads a record as JSON, strictly: what is unknown, doubled, empty
// or of another kind is an error with its line and column. A record that was
// misread would let a mode go.
func ParseRecord(data []byte) (Record, error) {
	if len(data) > maxRecord {
		return Record{}, fmt.Errorf("the session record has %d bytes, the limit is %d", len(data), maxRecord)
	}
	r := &recordReader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	if at := invalidUTF8(data); at >= 0 {
		return Record{}, r.errorAt(at, "text that is no UTF-8")
	}
	var record Record
	err := r.object(map[string]func() error{
		"declarations": func() error { return r.list(func() error { return r.declaration(&record) }) },
		"lifts":        func() error { return r.list(func() error { return r.lift(&record) }) },
	})
	if err != nil {
		return Record{}, err
	}
	end := int(r.dec.InputOffset())
	if rest := bytes.TrimLeft(data[end:], " \t\r\n"); len(rest) > 0 {
		return Record{}, r.errorAt(len(data)-len(rest), "text behind the record")
	}
	return record, nil
}

func invalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		_, n := utf8.DecodeRune(data[at:])
		if n == 1 && data[at] >= utf8.RuneSelf {
			return at
		}
		at += n
	}
	return -1
}

// recordReader walks the tokens of a record.
type recordReader struct {
	data  []byte
	dec   *json.Decoder
	start int // of the last token
}

// errorAt words an error with its place.
func (r *recordReader) errorAt(at int, format string, args ...any) error {
	before := r.data[:min(at, len(r.data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("session record:%d:%d: %s", line, column, fmt.Sprintf(format, args...))
}

// errorf is an error at the last token.
func (r *recordReader) errorf(format string, args ...any) error {
	return r.errorAt(r.start, format, args...)
}

// next is where the next token starts.
func (r *recordReader) next() int {
	at := int(r.dec.InputOffset())
	for at < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[at]) >= 0 {
		at++
	}
	return at
}

// token reads the next one and notes where it starts.
func (r *recordReader) token() (json.Token, error) {
	r.start = r.next()
	t, err := r.dec.Token()
	if err != nil {
		return nil, r.syntax(err)
	}
	return t, nil
}

// syntax words what the decoder could not read.
func (r *recordReader) syntax(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.errorAt(len(r.data), "it ends early")
	}
	return r.errorf("no valid JSON: %v", err)
}

// open reads the delimiter that starts an object or a list.
func (r *recordReader) open(want json.Delim, what string) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	if t != want {
		return r.errorf("%s is wanted here", what)
	}
	return nil
}

// object reads an object whose fields are those given.
func (r *recordReader) object(fields map[string]func() error) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for r.dec.More() {
		t, err := r.token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder lets no other key through
		read, ok := fields[name]
		switch {
		case !ok:
			return r.errorf("%s", nearest.Unknown("key", name, slices.Sorted(maps.Keys(fields))))
		case seen[name]:
			return r.errorf("the key %q stands here twice", name)
		}
		seen[name] = true
		if err := read(); err != nil {
			return err
		}
	}
	_, err := r.token() // the end
	return err
}

func (r *recordReader) list(item func() error) error {
	if err := r.open('[', "a list"); err != nil {
		return err
	}
	for r.dec.More() {
		if err := item(); err != nil {
			return err
		}
	}
	_, err := r.token() // the end
	return err
}

// declaration reads one into the record.
func (r *recordReader) declaration(record *Record) error {
	var d Declaration
	at := r.next()
	err := r.object(map[string]func() error{
		"mode": r.text(&d.Mode), "signal": r.text(&d.Signal), "value": r.text(&d.Value), "where": r.text(&d.Where),
		"commits": r.texts(&d.Commits), "sessions": r.texts(&d.Sessions),
	})
	switch {
	case err != nil:
		return err
	case d.Mode == "":
		return r.errorAt(at, "a declaration without mode")
	}
	record.Declarations = append(record.Declarations, d)
	return nil
}

// lift reads one into the record. It must say who lifted and why.
func (r *recordReader) lift(record *Record) error {
	var l Lift
	at := r.next()
	err := r.object(map[string]func() error{"mode": r.text(&l.Mode), "by": r.text(&l.By), "reason": r.text(&l.Reason)})
	switch {
	case err != nil:
		return err
	case l.Mode == "" || l.By == "" || strings.TrimSpace(l.Reason) == "":
		return r.errorAt(at, "a lift needs mode, by and reason")
	}
	record.Lifts = append(record.Lifts, l)
	return nil
}

// text reads a string into a field.
func (r *recordReader) text(into *string) func() error {
	return func() error {
		t, err := r.token()
		if err != nil {
			return err
		}
		s, ok := t.(string)
		switch {
		case !ok:
			return r.errorf("a text is wanted here")
		case len(s) > maxText:
			return r.errorf("a text of %d bytes, the limit is %d", len(s), maxText)
		}
		*into = s
		return nil
	}
}

func (r *recordReader) texts(into *[]string) func() error {
	return func() error {
		at := r.next()
		err := r.list(func() error {
			var s string
			err := r.text(&s)()
			if err == nil && s == "" {
				return r.errorf("an empty text")
			}
			*into = append(*into, s)
			return err
		})
		if err == nil && len(*into) == 0 {
			return r.errorAt(at, "an empty list; leave the key out") // it would bind everything
		}
		return err
	}
}
