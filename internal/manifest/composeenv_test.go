package manifest_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

func TestComposeEnvironment(t *testing.T) {
	t.Parallel()
	text := "# x\nA=1\nexport B = \"two\\\"\nA=3\"\nC: 'a$A' # c\nD=$A-${B:-x}-${E:-${A}}\r\nF\nG=a b # c\nH=\nI=${H:-h}${A:+i}${H:+j}${H-k}$$A\n"
	got, err := manifest.ComposeEnvironment(".env", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]manifest.Property{
		"A": {Value: "1", Line: 2}, "B": {Value: "two\\\"\nA=3", Line: 3}, "C": {Value: "a$A", Line: 5}, "D": {Value: "1-two\\\"\nA=3-${E:-1}", Line: 6},
		"G": {Value: "a b", Line: 8}, "H": {Line: 9}, "I": {Value: "hi$$A", Line: 10},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := manifest.ComposeEnvironment(".env", []byte("A='1\nB=2\n")); err == nil {
		t.Error("a value without its end is read")
	}
}

// hostileEnvironments are values, and Compose files that they are put into.
func hostileEnvironments() map[string][2][]byte {
	plain := []byte("A=1\n")
	return map[string][2][]byte{
		"values":   {between("", "A%d=1\n", "")[:90_000], between("services:\n", "  s%d: {image: \"a:$A1\"}\n", "")},
		"doubling": {[]byte("A=" + strings.Repeat("a", 500) + "\n" + strings.Repeat("A=$A$A\n", size/7)), plain},
		"many":     {[]byte("A=" + strings.Repeat("a", 500) + "\n" + strings.Repeat("B="+strings.Repeat("$A", 2000)+"\n", size/4003)), plain},
		"open":     {[]byte("A=1" + strings.Repeat("${", size/2) + "\n"), []byte("services: {a: {image: \"" + strings.Repeat("${", size/2) + "\"}}\n")},
		"nested":   {plain, []byte("services: {a: {image: \"" + strings.Repeat("${A:-", 3000) + strings.Repeat("}", 3000) + "\"}}\n")},
		"grown":    {[]byte("A=" + strings.Repeat("a", 500) + "\n"), []byte("services: {a: {image: \"" + strings.Repeat("$A", size/2) + "\"}}\n")},
		"each":     {[]byte("A=" + strings.Repeat("a", 500) + "\n"), between("services:\n", "  s%d: {image: \"$A$A$A$A$A$A$A$A$A$A$A$A\"}\n", "")},
		"marks":    {[]byte(strings.Repeat("A='\\'", size/6)), plain},
		"quotes":   {[]byte(strings.Repeat("A='1'\n", size/6)), plain},
		"lines":    {repeat("\n"), repeat("\n")},
	}
}

// Whatever is put into it, the answer is a file or an error at a line.
func TestHostileEnvironments(t *testing.T) {
	t.Parallel()
	for shape, in := range hostileEnvironments() {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			values, err := manifest.ComposeEnvironment(".env", in[0])
			if err != nil {
				return
			}
			checkWith(t, func(path string, data []byte) (*manifest.File, error) {
				return manifest.ComposeWith(path, data, values)
			}, "compose.yaml", in[1])
		})
	}
}

func BenchmarkHostileEnvironments(b *testing.B) {
	for shape, in := range hostileEnvironments() {
		b.Run(shape, func(b *testing.B) {
			b.SetBytes(int64(len(in[0]) + len(in[1])))
			for b.Loop() {
				values, err := manifest.ComposeEnvironment(".env", in[0])
				if err != nil {
					continue
				}
				if _, err := manifest.ComposeWith("compose.yaml", in[1], values); err != nil {
					continue
				}
			}
		})
	}
}

// FuzzComposeEnvironment: without values a file is what it is, and with them it is the
// same twice.
func FuzzComposeEnvironment(f *testing.F) {
	f.Add("A=1\nB=\"$A\"", "services: {a: {image: \"a:${B:-2}\", build: {args: {A: $A}}}}")
	f.Add("export A: 'x\ny' # z", "services:\n  a:\n    image: ${A-${B:+$$}}\n")
	f.Fuzz(func(t *testing.T, env, compose string) {
		plain, err := manifest.Parse("compose.yaml", []byte(compose))
		if same, err2 := manifest.ComposeWith("compose.yaml", []byte(compose), nil); err == nil && (err2 != nil || !reflect.DeepEqual(plain, same)) {
			t.Fatalf("%+v and %+v, %v", plain, same, err2)
		}
		values, err := manifest.ComposeEnvironment(".env", []byte(env))
		if err != nil {
			return
		}
		one, err := manifest.ComposeWith("compose.yaml", []byte(compose), values)
		two, err2 := manifest.ComposeWith("compose.yaml", []byte(compose), values)
		if (err == nil) != (err2 == nil) || !reflect.DeepEqual(one, two) {
			t.Fatalf("%+v, %v and %+v, %v", one, err, two, err2)
		}
	})
}
