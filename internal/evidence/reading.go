package evidence

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/changeguard/changeguard/change"
)

// element is one that is open.
type element struct {
	name  string
	said  change.Suite // what a suite's attributes say
	found change.Suite // the test cases that are in it, not in a suite within
	inner bool         // there are suites within
	shown bool         // it, or a suite within, shows what failed, or what was run again
	test  outcome      // of a test case
}

// outcome is the worst that a test case says of itself.
type outcome int

const (
	passed outcome = iota
	skipped
	failed
	broke
)

// reading is one file being read.
type reading struct {
	*JUnit
	open []element
	seen bool
}

func (r *reading) token(token xml.Token) error {
	switch t := token.(type) {
	case xml.StartElement:
		return r.start(t)
	case xml.EndElement:
		return r.end(t.Name.Local)
	case xml.Directive:
		return errors.New("it declares a document type or entities, which no report needs")
	}
	return nil
}

func (r *reading) start(t xml.StartElement) error {
	if len(r.open) == maxDepth {
		return fmt.Errorf("elements are nested more than %d deep", maxDepth)
	}
	e := element{name: t.Name.Local}
	switch e.name {
	case "testsuites":
		r.seen = true
	case "testsuite":
		r.seen = true
		if at := r.within("testsuite"); at != nil {
			at.inner = true
		}
		if err := e.attributes(t.Attr); err != nil {
			return err
		}
	case "testcase":
		r.seen = true
		for _, a := range t.Attr { // GoogleTest's and NUnit's way
			if a.Name.Local == "status" && (a.Value == "notrun" || a.Value == "skipped") || a.Name.Local == "result" && a.Value == "suppressed" {
				e.test = skipped
			}
		}
	case "failure", "error", "skipped", "rerunFailure", "flakyFailure", "rerunError", "flakyError":
		r.mark(e.name)
	}
	r.open = append(r.open, e)
	return nil
}

// mark notes what happened to the test case that is open. What failed and passed
// when it was run again has passed. A suite that breaks before or after its tests
// says so beside them.
func (r *reading) mark(name string) {
	if len(r.open) == 0 {
		return
	}
	at := &r.open[len(r.open)-1]
	how := map[string]outcome{"failure": failed, "error": broke, "skipped": skipped}[name]
	switch {
	case at.name == "testcase":
		at.test = max(at.test, how)
		if suite := r.within("testsuite"); suite != nil {
			suite.shown = suite.shown || name != "skipped"
		}
	case at.name == "testsuite" && how >= failed:
		at.shown = true
		add(&at.found, change.Suite{Tests: 1, Errors: 1})
	}
}

// within is the innermost open element of a name.
func (r *reading) within(name string) *element {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].name == name {
			return &r.open[i]
		}
	}
	return nil
}

func (r *reading) end(name string) error {
	if len(r.open) == 0 || r.open[len(r.open)-1].name != name {
		return fmt.Errorf("%s ends and was not open", label(name))
	}
	e := r.open[len(r.open)-1]
	r.open = r.open[:len(r.open)-1]
	switch name {
	case "testcase":
		return r.testcase(e)
	case "testsuite":
		return r.testsuite(e)
	}
	return nil
}

func (r *reading) testcase(e element) error {
	one := change.Suite{Tests: 1}
	switch e.test {
	case skipped:
		one.Skipped = 1
	case failed:
		one.Failures = 1
	case broke:
		one.Errors = 1
	}
	if at := r.within("testsuite"); at != nil {
		add(&at.found, one)
		return nil
	}
	return r.suite(one)
}

// testsuite counts a suite: by its test cases, and by its attributes where it has
// neither test cases nor suites.
func (r *reading) testsuite(e element) error {
	found := e.found
	switch {
	case found == (change.Suite{}) && !e.inner:
		found = e.said
	case !e.shown && e.said.Failures+e.said.Errors > 0: // said, and shown nowhere
		found.Failures, found.Errors = e.said.Failures, e.said.Errors
		found.Tests = max(found.Tests, found.Failures, found.Errors)
		e.shown = true
	}
	if at := r.within("testsuite"); at != nil {
		at.shown = at.shown || e.shown || found.Failures+found.Errors > 0
	}
	found.Name = e.said.Name
	if e.inner && found.Tests == 0 {
		return nil // it only holds others
	}
	return r.suite(found)
}

// attributes reads a suite's name and numbers.
func (e *element) attributes(list []xml.Attr) error {
	for _, a := range list {
		var to *int
		switch a.Name.Local {
		case "name":
			e.said.Name = a.Value
			continue
		case "tests":
			to = &e.said.Tests
		case "failures":
			to = &e.said.Failures
		case "errors":
			to = &e.said.Errors
		case "skipped", "disabled", "skips":
			to = &e.said.Skipped
		default:
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(a.Value))
		if a.Value == "" {
			n, err = 0, nil
		}
		if err != nil || n < 0 || n > MaxTests {
			return fmt.Errorf("%s of a test suite is %s, which is no number of tests", a.Name.Local, label(a.Value))
		}
		*to += n
	}
	// A suite that could not be loaded has an error and no tests.
	e.said.Tests = max(e.said.Tests, e.said.Failures, e.said.Errors)
	e.said.Skipped = min(e.said.Skipped, e.said.Tests)
	return nil
}

// charset reads the encodings that reports come in besides UTF-8. What it cannot
// read it refuses.
func charset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8":
		return in, nil
	case "iso-8859-1", "latin1", "iso8859-1", "windows-1252", "cp1252", "iso-8859-15":
		return &latin{in: in}, nil // names apart, the same numbers of tests
	}
	return nil, fmt.Errorf("the encoding %s is not read; write the report in UTF-8", label(name))
}

// latin reads a byte a character.
type latin struct {
	in   io.Reader
	left []byte
}

// Read implements io.Reader.
func (l *latin) Read(p []byte) (int, error) {
	if len(l.left) == 0 {
		var some [2048]byte
		n, err := l.in.Read(some[:])
		for _, b := range some[:n] {
			l.left = utf8.AppendRune(l.left, rune(b))
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}
