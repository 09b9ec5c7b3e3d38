package manifest_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/changeguard/changeguard/internal/manifest"
)

// size is that of the hostile inputs. The limit of a file is five times that.
const size = 1 << 20

func repeat(s string) []byte { return []byte(strings.Repeat(s, size/len(s))) }

// between repeats a text with a counter in it, so that no two are equal.
func between(head, each, tail string) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, each, i)
	}
	b.WriteString(tail)
	return b.Bytes()
}

// hostile are inputs made to be slow, by the file name that leads to a parser.
func hostile() map[string]map[string][]byte {
	long := strings.Repeat("a", size)
	hash := " --hash=sha256:" + strings.Repeat("a", 64)
	return map[string]map[string][]byte{
		"requirements.txt": {
			"zeros":         repeat("\x00"),
			"newlines":      repeat("\n"),
			"backslashes":   repeat("\\"),
			"continuations": repeat("\\\n"),
			"hashes-signs":  repeat("#"),
			"long-line":     []byte(long),
			"packages":      between("", "p%d==1\n", ""),
			"same-package":  between("", "p==%d\n", ""),
			"clauses":       between("p", ",!=%d", "\n"),
			"hashes":        []byte("a==1" + string(repeat(hash))),
			"quotes":        between("a==1 --config-settings=", `"'%d'"`, "\n"),
			"extras":        between("a[", "e%d,", "z]\n"),
			"markers":       []byte("a; " + strings.Repeat("(", size)),
			"editables":     between("", "-e ./d%d\n", ""),
			"options":       between("", "--extra-index-url https://%d.example/\n", ""),
			"at-signs":      []byte("a @ git+https://x/" + strings.Repeat("@", size)),
			"env":           repeat("${"),
		},
		"pyproject.toml": {
			"brackets":      repeat("["),
			"open-arrays":   []byte("a = " + strings.Repeat("[", size)),
			"open-tables":   []byte(strings.Repeat("a={", size/3)),
			"newlines":      repeat("\n"),
			"keys":          between("", "k%d=1\n", ""),
			"tables":        between("", "[t%d]\n", ""),
			"array-tables":  repeat("[[a]]\n"),
			"dots":          []byte(strings.Repeat("a.", size/2) + "a=1"),
			"dotted":        between("", "a.b.c.d.e.f.g.h.i.j%d=1\n", ""),
			"dependencies":  between("[project]\ndependencies=[", "'a%d',", "]\n"),
			"same":          between("[project]\ndependencies=[", "'a>=%d',", "]\n"),
			"poetry":        between("[tool.poetry.dependencies]\n", "a%d={version='^1',extras=['x']}\n", ""),
			"uv-sources":    between("[project]\ndependencies=[", "'a-b-c-d-e-f',", "]\n[tool.uv.sources]\na_b_c_d_e_f={path='x'}\na-b-c-d-e-f={path='x'}\n"),
			"long-string":   []byte("[project]\ndependencies=['" + long + "']\n"),
			"escaped":       []byte("[project]\ndependencies=[\"" + strings.Repeat(`\u0061`, size/6) + "\"]\n"),
			"many-clauses":  between("[tool.poetry.dependencies]\n", "a%d='"+strings.Repeat("!=1,", 60)+"'\n", ""),
			"inline-dotted": between("a={", "b.c.d.e%d=1,", "z=1}\n"),
		},
		"package.json": {
			"brackets":     repeat("["),
			"objects":      repeat(`{"a":`),
			"quotes":       repeat(`"`),
			"spaces":       append(repeat(" "), "{}"...),
			"members":      between("{", `"k%d":1,`, `"z":1}`),
			"dependencies": between(`{"dependencies":{`, `"k%d":"^1.2.3 || ~2",`, `"z":"1"}}`),
			"long-range":   []byte(`{"dependencies":{"a":"` + strings.Repeat("1||", size/3) + `"}}`),
			"overrides":    []byte(`{"overrides":` + strings.Repeat(`{"a":`, 9000) + `"1"` + strings.Repeat("}", 9001)),
			"wide-overrides": between(`{"overrides":{"`+strings.Repeat("p", 1000)+`":{`,
				`"k%d@1":"1",`, `"z":"1"}}}`),
			"scripts":     between(`{"scripts":{"install":"k0",`, `"k%[1]d":"k1 k2 k3 x%[1]d",`, `"z":"1"}}`),
			"long-script": []byte(`{"scripts":{"install":"` + strings.Repeat("a ", size/2) + `"}}`),
			"escapes":     []byte(`{"dependencies":{"a":"` + strings.Repeat(`\u0061`, size/6) + `"}}`),
			"ignored":     []byte(`{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + strings.Repeat(" ", size) + `}`),
		},
		"package-lock.json": {
			"brackets": repeat("["),
			"packages": between(`{"lockfileVersion":3,"packages":{`, `"node_modules/k%d":{},`, `"":{}}}`),
			"full": between(`{"lockfileVersion":3,"packages":{`,
				`"node_modules/k%[1]d":{"version":"1.0.%[1]d","resolved":"https://registry.npmjs.org/k%[1]d/-/k%[1]d-1.0.%[1]d.tgz","integrity":"sha512-x"},`, `"":{}}}`),
			"same":   between(`{"lockfileVersion":3,"packages":{`, `"node_modules/k%d/node_modules/a":{"version":"1.0.0"},`, `"":{}}}`),
			"nested": []byte(`{"dependencies":{` + strings.Repeat(`"a":{"dependencies":{`, 4000) + strings.Repeat("}}", 4000) + "}}"),
			"wide-nested": between(`{"dependencies":{"`+strings.Repeat("p", 990)+`":{"dependencies":{`,
				`"k%d":{},`, `"z":{}}}}}`),
			"platforms": between(`{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.0.0","os":[`, `"!k%d",`, `"z"]}}}`),
			"integrity": []byte(`{"packages":{"node_modules/a":{"integrity":"` + strings.Repeat("sha512-x ", size/9) + `"}}}`),
			"segments":  []byte(`{"packages":{"node_modules/a":{"version":"1","resolved":"https://x` + strings.Repeat("/1", size/2) + `"}}}`),
		},
		"go.mod": {
			"parens":   []byte("module m\n" + strings.Repeat("(", size)),
			"lines":    repeat("\n"),
			"words":    []byte("module m\n" + strings.Repeat("a ", size/2)),
			"comments": []byte("module m\n" + strings.Repeat("//\n", size/3)),
			"require":  between("module m\nrequire (\n", "x.example/a%d v1.0.0\n", ")\n"),
			"same":     between("module m\nrequire (\n", "x.example/a v1.0.%d\n", ")\n"),
			"replace":  between("module m\n", "replace x.example/a%d => ../a\n", ""),
			"unknown":  between("module m\n", "z%d\n", ""),
			"quotes":   []byte("module m\nrequire \"" + strings.Repeat("\\", size)),
			"long":     []byte("module " + long),
		},
		"go.sum": {
			"lines":  repeat("\n"),
			"spaces": repeat(" "),
			"sums":   between("", "x.example/a v1.0.%d h1:x=\n", ""),
			"long":   []byte(long),
		},
	}
}

// BenchmarkHostile reads each hostile input; beside it, as "compared", stands what
// it costs to hold what was read against the same with other digits in it.
func BenchmarkHostile(b *testing.B) {
	for _, f := range manifest.Formats() {
		for name, inputs := range allHostile() {
			if !f.Match(name) {
				continue
			}
			for shape, data := range inputs {
				b.Run(f.Name+"/"+shape, func(b *testing.B) { benchmarkParse(b, manifest.Parse, name, data) })
				benchmarkCompare(b, f.Name+"/"+shape+"/compared", name, data)
			}
		}
	}
}

func benchmarkParse(b *testing.B, parse func(string, []byte) (*manifest.File, error), name string, data []byte) {
	b.SetBytes(int64(len(data)))
	runtime.GC() // what other inputs were made of is not to be paid here
	for b.Loop() {
		if _, err := parse(name, data); err != nil {
			continue // refused, which is an answer
		}
	}
}

// benchmarkCompare makes every comparison of two versions of a file, where both can
// be read.
func benchmarkCompare(b *testing.B, title, name string, data []byte) {
	before, err := manifest.Parse(name, data)
	after, err2 := manifest.Parse(name, bytes.ReplaceAll(data, []byte("1"), []byte("2")))
	if err != nil || err2 != nil {
		return
	}
	b.Run(title, func(b *testing.B) {
		for b.Loop() {
			manifest.Compare(before, after)
			manifest.Satisfies(before, after)
			manifest.Fixes(name, after)
		}
	})
}

// BenchmarkHostileTwice reads 1, 2 and 4 MiB of each hostile input that grows with
// its size, and says how many times longer the one takes than the half of it: about
// 2 is linear.
func BenchmarkHostileTwice(b *testing.B) {
	for _, f := range manifest.Formats() {
		for shape, data := range grown(b, f, size) {
			if !strings.HasSuffix(shape, "counted") && !strings.HasSuffix(shape, "longer") {
				continue
			}
			twice, four := grown(b, f, 2*size)[shape], grown(b, f, 4*size)[shape]
			b.Run(f.Name+"/"+shape, func(b *testing.B) {
				var took [3]time.Duration
				for b.Loop() {
					for i, data := range [][]byte{data, twice, four} {
						start := time.Now()
						_, err := f.Parse("x", data) // an error is an answer, too
						if took[i] += time.Since(start); err != nil && err.Error() == "" {
							b.Fatal("an error without words")
						}
					}
				}
				b.ReportMetric(float64(took[1])/float64(took[0]), "2/1")
				b.ReportMetric(float64(took[2])/float64(took[1]), "4/2")
			})
		}
	}
}

// TestHostile: whatever is thrown at a parser, the answer is a file or a
// ParseError with a line, and its text stays short.
func TestHostile(t *testing.T) {
	t.Parallel()
	for name, inputs := range allHostile() {
		for shape, data := range inputs {
			t.Run(name+"/"+shape, func(t *testing.T) {
				t.Parallel()
				check(t, name, data)
			})
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Formats() {
		_, err := f.Parse("x", make([]byte, manifest.MaxBytes+1))
		var pe *manifest.ParseError
		if !errors.As(err, &pe) || !strings.Contains(pe.Reason, "the limit is") {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// check holds for every input: no panic, lines in range, errors in place, the
// same result twice, and no change against itself.
func check(t *testing.T, name string, data []byte) {
	t.Helper()
	checkWith(t, manifest.Parse, name, data)
}

func checkWith(t *testing.T, parse func(string, []byte) (*manifest.File, error), name string, data []byte) {
	t.Helper()
	f, err := parse(name, data)
	if err != nil {
		var pe *manifest.ParseError
		if !errors.As(err, &pe) || pe.Line < 1 || pe.Reason == "" || len(pe.Reason) > 1000 {
			t.Fatalf("bad error %#v", err)
		}
		return
	}
	last := bytes.Count(data, []byte("\n")) + 1
	for _, p := range f.Packages {
		if p.Line < 1 || p.EndLine < p.Line || p.EndLine > last || p.Name == "" && p.Ecosystem != manifest.NPM || !strings.HasPrefix(p.PURL, "pkg:") {
			t.Fatalf("bad package %+v in %d lines", p, last)
		}
	}
	for _, s := range f.Settings {
		if s.Line < 1 || s.EndLine < s.Line || s.EndLine > last {
			t.Fatalf("bad setting %+v in %d lines", s, last)
		}
	}
	again, err := parse(name, data)
	if err != nil {
		t.Fatalf("the second time: %v", err)
	}
	if c := manifest.Compare(f, again); len(c) > 0 {
		t.Fatalf("differs from itself: %+v", c[0])
	}
	manifest.Compare(nil, f)
	manifest.Compare(f, nil)
	manifest.Satisfies(f, f)
}

func fuzz(f *testing.F, name, format string) {
	for _, pattern := range []string{"testdata/parse/", "testdata/compare/"} {
		archives, err := filepath.Glob(pattern + format + "/*.txtar")
		if err != nil {
			f.Fatal(err)
		}
		for _, archive := range archives {
			data, err := os.ReadFile(archive)
			if err != nil {
				f.Fatal(err)
			}
			for _, in := range txtar.Parse(data).Files {
				if in.Name != "want" {
					f.Add(in.Data)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, name, data) })
}

func FuzzRequirements(f *testing.F) { fuzz(f, "requirements.txt", "requirements") }
func FuzzPyproject(f *testing.F)    { fuzz(f, "pyproject.toml", "pyproject") }
func FuzzPackageJSON(f *testing.F)  { fuzz(f, "package.json", "package-json") }
func FuzzPackageLock(f *testing.F)  { fuzz(f, "package-lock.json", "package-lock") }
func FuzzGoMod(f *testing.F)        { fuzz(f, "go.mod", "go-mod") }
func FuzzGoSum(f *testing.F)        { fuzz(f, "go.sum", "go-sum") }

// FuzzKnown: a name is known whatever its case, and a parsed one is never less.
func FuzzKnown(f *testing.F) {
	f.Add("a/b/requirements.txt")
	f.Add(".github/workflows/x.yml. ")
	f.Fuzz(func(t *testing.T, name string) {
		format, tier := manifest.Known(name)
		if (tier == manifest.Unknown) != (format.Name == "") || (tier == manifest.Parsed) != (format.Parse != nil) {
			t.Fatalf("%q: tier %d, format %+v", name, tier, format)
		}
		if tier != manifest.Unknown && !format.Match(name) {
			t.Fatalf("%q does not match its own format %s", name, format.Name)
		}
	})
}
