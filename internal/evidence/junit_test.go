package evidence_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/evidence"
)

func read(texts ...string) (evidence.Attachment, error) {
	var j evidence.JUnit
	for _, text := range texts {
		if err := j.Read([]byte(text)); err != nil {
			return evidence.Attachment{}, err
		}
	}
	return j.Summary("unit"), nil
}

// The dialects of the usual runners.
func TestJUnitDialects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text                             string
		tests, failures, errors, skipped int
		suites                           []change.Suite
	}{
		"pytest": {
			`<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1">
			<testcase classname="tests.test_a" name="test_ok" time="0.001"/>
			<testcase name="test_bad"><failure message="assert 1 == 2">def test_bad(): &lt;x&gt;</failure></testcase>
			<testcase name="test_broken"><error message="boom"/></testcase>
			<testcase name="test_later"><skipped type="pytest.skip" message="later"/></testcase></testsuite></testsuites>`,
			4, 1, 1, 1,
			[]change.Suite{{Name: "pytest", Tests: 4, Failures: 1, Errors: 1, Skipped: 1}},
		},
		"Surefire, run again": {
			`<testsuite name="com.acme.ShopTest" tests="2" errors="0" skipped="0" failures="0"><properties><property name="a" value="b"/></properties>
			<testcase name="flaky"><flakyFailure message="once">x</flakyFailure></testcase>
			<testcase name="bad"><failure/><rerunFailure/></testcase></testsuite>`,
			2, 1, 0, 0,
			[]change.Suite{{Name: "com.acme.ShopTest", Tests: 2, Failures: 1}},
		},
		"Jest and nested suites": {
			`<testsuites name="jest tests" tests="3"><testsuite name="outer" tests="3"><testcase name="a"/><testsuite name="inner"><testcase name="b"/><testcase name="c"/></testsuite></testsuite></testsuites>`,
			3, 0, 0, 0,
			[]change.Suite{{Name: "inner", Tests: 2}, {Name: "outer", Tests: 1}},
		},
		"GoogleTest": {
			`<testsuites><testsuite name="S" tests="2" disabled="1"><testcase name="a" status="run" result="completed"/><testcase name="b" status="notrun" result="suppressed"/></testsuite></testsuites>`,
			2, 0, 0, 1,
			[]change.Suite{{Name: "S", Tests: 2, Skipped: 1}},
		},
		"numbers only":               {`<testsuites><testsuite name="S" tests="5" failures="1" skipped=""/></testsuites>`, 5, 1, 0, 0, []change.Suite{{Name: "S", Tests: 5, Failures: 1}}},
		"no suite":                   {`<testsuites><testcase name="a"/></testsuites>`, 1, 0, 0, 0, nil},
		"nothing at all":             {`<testsuites/>`, 0, 0, 0, 0, nil},
		"an empty suite":             {`<testsuite name="S" tests="0"/>`, 0, 0, 0, 0, []change.Suite{{Name: "S"}}},
		"attributes that exaggerate": {`<testsuite name="S" tests="500"><testcase/></testsuite>`, 1, 0, 0, 0, []change.Suite{{Name: "S", Tests: 1}}},
		"markup in somebody's output": {
			`<testsuite name="S"><testcase><system-out><testcase/>x<failure/></system-out></testcase></testsuite>`, 2, 0, 0, 0, []change.Suite{{Name: "S", Tests: 2}},
		},
		"Jest, a file that does not load": {
			`<testsuites tests="1" errors="1"><testsuite name="a" tests="1" errors="0"><testcase name="x"/></testsuite><testsuite name="b" tests="0" failures="0" errors="1" skipped="0"></testsuite></testsuites>`,
			2, 0, 1, 0,
			[]change.Suite{{Name: "a", Tests: 1}, {Name: "b", Tests: 1, Errors: 1}},
		},
		"Ant, a suite that breaks before its tests": {
			`<testsuite name="S" tests="1" errors="1"><testcase name="x"/><error message="before all"/></testsuite>`,
			2, 0, 1, 0,
			[]change.Suite{{Name: "S", Tests: 2, Errors: 1}},
		},
		"failures that no test case shows": {
			`<testsuite name="S" tests="2" failures="1"><testcase name="x"/><testcase name="y" status="failed"/></testsuite>`,
			2, 1, 0, 0,
			[]change.Suite{{Name: "S", Tests: 2, Failures: 1}},
		},
		"failures that a suite within shows": {
			`<testsuite name="S" tests="2" failures="1"><testcase name="x"/><testsuite name="T" failures="1"><testcase name="y"><failure/></testcase></testsuite></testsuite>`,
			2, 1, 0, 0,
			[]change.Suite{{Name: "T", Tests: 1, Failures: 1}, {Name: "S", Tests: 1}},
		},
		"failures that no suite within shows": {
			`<testsuite name="S" failures="1"><testsuite name="T"><testcase name="y"/></testsuite></testsuite>`,
			2, 1, 0, 0,
			[]change.Suite{{Name: "T", Tests: 1}, {Name: "S", Tests: 1, Failures: 1}},
		},
		"failures that passed when run again": {
			`<testsuite name="S" tests="1" failures="1"><testcase name="x"><flakyError/></testcase></testsuite>`,
			1, 0, 0, 0,
			[]change.Suite{{Name: "S", Tests: 1}},
		},
		"Latin 1":  {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><testsuite name=\"\xfcber\"><testcase/></testsuite>", 1, 0, 0, 0, []change.Suite{{Name: "über", Tests: 1}}},
		"a mark":   {"\ufeff<testsuite name=\"S\"><testcase/></testsuite>", 1, 0, 0, 0, []change.Suite{{Name: "S", Tests: 1}}},
		"prefixes": {`<j:testsuite xmlns:j="urn:x" name="S"><j:testcase/></j:testsuite>`, 1, 0, 0, 0, []change.Suite{{Name: "S", Tests: 1}}},
	} {
		got, err := read(c.text)
		want := evidence.Attachment{Suite: "unit", Tests: c.tests, Failures: c.failures, Errors: c.errors, Skipped: c.skipped, Suites: c.suites}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// Several files add up, and so do suites of one name.
func TestJUnitFilesAddUp(t *testing.T) {
	t.Parallel()
	const one = `<testsuite name="S"><testcase/><testcase><skipped/></testcase></testsuite>`
	got, err := read(one, one)
	if err != nil || got.Tests != 4 || got.Skipped != 2 || len(got.Suites) != 1 || got.Suites[0].Tests != 4 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What is hostile, cut off or something else is an error, never zero tests.
func TestJUnitThatIsNone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":        "",
		"text":           "12 passed",
		"JSON":           `{"tests": 3}`,
		"HTML":           "<html><body/></html>",
		"cut off":        `<testsuite name="S"><testcase/>`,
		"in a tag":       `<testsuite name="S`,
		"mismatched":     `<testsuite><testcase></testsuite></testcase>`,
		"no beginning":   `</testsuite>`,
		"entities":       `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite name="&b;"/>`,
		"a file's":       `<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuite/>`,
		"an entity":      `<testsuite name="&nbsp;"/>`,
		"deep":           strings.Repeat("<testsuite>", 200) + strings.Repeat("</testsuite>", 200),
		"too many tests": `<testsuites><testsuite tests="1000000000"/><testsuite tests="1000000000"/></testsuites>`,
		"a huge number":  `<testsuite tests="99999999999999999999"/>`,
		"less than none": `<testsuite tests="-1"/>`,
		"another script": `<?xml version="1.0" encoding="EBCDIC"?><testsuite/>`,
		"UTF-16":         "\xff\xfe<\x00t\x00",
		"no UTF-8":       "<testsuite name=\"\xff\xfe\"/>",
	} {
		if got, err := read(text); err == nil {
			t.Errorf("%s: %+v", name, got)
		} else if len(err.Error()) > 400 {
			t.Errorf("%s: the error repeats the file: %d bytes", name, len(err.Error()))
		}
	}
	if err := new(evidence.JUnit).Read(make([]byte, evidence.MaxFile+1)); err == nil {
		t.Error("a file without an end")
	}
}

// Of very many suites the first are named and all are counted.
func TestJUnitOfManySuites(t *testing.T) {
	t.Parallel()
	got, err := read("<testsuites>" + manySuites(evidence.MaxSuites+5) + "</testsuites>")
	if err != nil || got.Tests != evidence.MaxSuites+5 || len(got.Suites) != evidence.MaxSuites || got.Check() != nil {
		t.Errorf("%d tests, %d suites, %v", got.Tests, len(got.Suites), err)
	}
}

func manySuites(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<testsuite name="s%d" tests="1"/>`, i)
	}
	return b.String()
}

func TestAttachmentsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]evidence.Attachment{
		"no name":       {Tests: 1},
		"control":       {Suite: "a\x1b[31m"},
		"a long name":   {Suite: strings.Repeat("x", evidence.MaxName+1)},
		"less than 0":   {Suite: "a", Tests: -1},
		"too many":      {Suite: "a", Tests: evidence.MaxTests + 1},
		"more skipped":  {Suite: "a", Tests: 1, Skipped: 2},
		"more failed":   {Suite: "a", Tests: 1, Failures: 2},
		"a bad suite":   {Suite: "a", Tests: 1, Suites: []change.Suite{{Name: "b", Errors: 1}}},
		"a nameless":    {Suite: "a", Tests: 1, Suites: []change.Suite{{}}},
		"1,001 of them": {Suite: "a", Suites: make([]change.Suite, evidence.MaxSuites+1)},
	} {
		if a.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// Whatever a file holds, reading it ends, and what comes out can be sent.
func FuzzJUnit(f *testing.F) {
	f.Add([]byte(`<testsuites><testsuite name="a" tests="3" skipped="9"><testcase><failure/></testcase></testsuite></testsuites>`))
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"latin1\"?><testsuite name=\"\xe9&#x202e;\"/>"))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><testsuite name="&b;"/>`))
	f.Add([]byte(strings.Repeat("<testsuite tests='9'>", 101)))
	f.Add([]byte(`<testsuite tests="1000000000"/><testsuite tests="1"/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var j evidence.JUnit
		if j.Read(data) != nil {
			return
		}
		a := j.Summary("unit")
		if err := a.Check(); err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		if body, err := json.Marshal(a); err != nil || len(body) > 2<<20 {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
	})
}

// Reading takes linear time: a report of 100,000 tests.
func BenchmarkJUnit(b *testing.B) {
	var text strings.Builder
	text.WriteString("<testsuites>")
	for i := range 100 {
		fmt.Fprintf(&text, `<testsuite name="s%d">%s</testsuite>`, i, strings.Repeat(`<testcase classname="a.b.c" name="test_something" time="0.001"></testcase>`, 1000))
	}
	text.WriteString("</testsuites>")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if got, err := read(text.String()); err != nil || got.Tests != 100_000 {
			b.Fatal(got.Tests, err)
		}
	}
}
