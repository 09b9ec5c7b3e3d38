package evidence

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/changeguard/changeguard/change"
)

// The bounds of a file.
const (
	MaxFile  = 64 << 20 // bytes
	maxDepth = 100
)

// JUnit collects what files of JUnit's XML say. The zero JUnit is ready.
type JUnit struct {
	total  change.Suite
	suites []change.Suite
	places map[string]int // of suites by name
}

// Read adds a file. The tests are counted as they stand in it, since the numbers
// in attributes are wrong in some dialects; where a suite lists none its
// attributes count.
func (j *JUnit) Read(data []byte) error {
	if len(data) > MaxFile {
		return fmt.Errorf("it has more than %d MiB", MaxFile>>20)
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true // an entity that XML does not know is an error
	d.CharsetReader = charset
	r := &reading{JUnit: j}
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("it is no XML that can be read: %w", short(err))
		}
		if err := r.token(token); err != nil {
			line, _ := d.InputPos()
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	switch {
	case len(r.open) > 0:
		return fmt.Errorf("it ends within %s", label(r.open[len(r.open)-1].name))
	case !r.seen:
		return errors.New("it is no JUnit report: there is no testsuites, testsuite or testcase in it")
	}
	return nil
}

// short keeps a decoder's error from repeating the file.
func short(err error) error {
	text := err.Error()
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	return errors.New(text)
}

func label(name string) string {
	if len(name) > 40 {
		name = strings.ToValidUTF8(name[:40], "") + "…"
	}
	return fmt.Sprintf("%q", name)
}

// Summary is what was read, under the name of the whole.
func (j *JUnit) Summary(name string) Attachment {
	return Attachment{
		Suite: name, Tests: j.total.Tests, Failures: j.total.Failures, Errors: j.total.Errors, Skipped: j.total.Skipped, Suites: j.suites,
	}
}

// suite adds what a suite has to the one of its name.
func (j *JUnit) suite(s change.Suite) error {
	for _, n := range []int{s.Tests, s.Failures, s.Errors, s.Skipped} {
		if n > MaxTests {
			return fmt.Errorf("more than %d tests", MaxTests)
		}
	}
	add(&j.total, s)
	if j.total.Tests > MaxTests {
		return fmt.Errorf("more than %d tests", MaxTests)
	}
	if s.Name = name(s.Name); s.Name == "" {
		return nil // counted in the whole
	}
	at, known := j.places[s.Name]
	if !known {
		if at = len(j.suites); at == MaxSuites {
			return nil // counted in the whole; a policy that names it misses it
		}
		if j.places == nil {
			j.places = make(map[string]int)
		}
		j.places[s.Name] = at
		j.suites = append(j.suites, change.Suite{Name: s.Name})
	}
	add(&j.suites[at], s)
	return nil
}

func add(to *change.Suite, s change.Suite) {
	to.Tests += s.Tests
	to.Failures += s.Failures
	to.Errors += s.Errors
	to.Skipped += s.Skipped
}

// name makes a suite's name one that can be sent.
func name(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if s = strings.TrimSpace(s); len(s) > MaxName {
		s = strings.ToValidUTF8(s[:MaxName-len("…")], "") + "…"
	}
	return s
}
