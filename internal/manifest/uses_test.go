package manifest_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/manifest"
)

// hostileUses are properties and build files made to be slow together.
func hostileUses() map[string][2][]byte {
	long := strings.Repeat("v", size/2)
	uses := between("dependencies {\n", "  implementation \"g:a%06d:$p1\"\n", "")[:9000*len("  implementation \"g:a000000:$p1\"\n")]
	uses = append(uses[:bytes.LastIndexByte(uses, '\n')+1], "}\n"...)
	return map[string][2][]byte{
		"each":        {between("", "p%d=1\n", "")[:60_000], between("dependencies {\n", "  implementation \"g:a:$p%d\"\n", "}\n")},
		"long-value":  {[]byte("p1=1" + long + "\n"), uses},
		"long-name":   {[]byte("p" + long + "=1\n"), append([]byte("x = p"+long+"\n"), uses...)},
		"often":       {[]byte("p1=1" + strings.Repeat("v", 500) + "\n"), []byte("dependencies {\n" + strings.Repeat("  implementation \"g:a:"+strings.Repeat("$p1", 1300)+"\"\n", size/4000) + "}\n")},
		"other-names": {[]byte("p1=1\n"), between("", "x%d = p1\n", "dependencies { implementation \"g:a:$x9\" }\n")},
		"chain":       {[]byte("p1=1\n"), between("x0 = p1\n", "x%[1]d = x%[1]d\n", "")},
		"one-line":    {[]byte("p1=1\n"), []byte("x = " + strings.Repeat("a.b ", size/4) + "p1\n")},
		"equals":      {[]byte("p1=1\n"), repeat("x=")},
		"word":        {[]byte("p1=1\n"), repeat("a")},
		"dots":        {[]byte("p1=1\n"), []byte("x = " + strings.Repeat("a.", size/2) + "p1\n")},
		"dollars":     {[]byte("p1=1\n"), []byte("dependencies {\n  implementation \"g:a:" + strings.Repeat("$", size) + "\"\n}\n")},
		"computed":    {[]byte("p1=1\n"), between("dependencies {\n", "  implementation(f%d(p1))\n", "}\n")},
		"escapes":     {[]byte("p1=1" + strings.Repeat(`\u0031`, size/6) + "\n"), uses},
		"continued":   {[]byte("p1=1" + strings.Repeat("1\\\n", size/3) + "\n"), uses},
		"broken":      {between("", "p%d=1\n", "")[:60_000], append([]byte("\"\"\"\n"), between("", "p%d ", "")...)},
	}
}

// usesOf is what a build file makes of properties of which each "1" became a "2".
func usesOf(tb testing.TB, properties, build []byte) manifest.Use {
	tb.Helper()
	old, err := manifest.GradleProperties("gradle.properties", properties)
	if err != nil {
		tb.Fatal(err)
	}
	now := make(map[string]manifest.Property)
	for name, p := range old {
		now[name] = manifest.Property{Value: strings.ReplaceAll(p.Value, "1", "2"), Line: p.Line}
	}
	return manifest.UsesOfProperties("gradle.properties", old, now, map[string][]byte{"build.gradle": build})
}

// What is made of values stays about as large as what it is made of.
func TestHostileUses(t *testing.T) {
	t.Parallel()
	for shape, in := range hostileUses() {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			u := usesOf(t, in[0], in[1])
			total := 0
			for _, f := range []manifest.File{u.Before, u.After} {
				for i := range f.Packages {
					total += len(f.Packages[i].Name) + len(f.Packages[i].Spec) + len(f.Packages[i].Source)
				}
			}
			if total > 10*(len(in[0])+len(in[1])) {
				t.Errorf("%d bytes of packages out of %d", total, len(in[0])+len(in[1]))
			}
			if strings.HasPrefix(shape, "long-value") && len(u.After.Packages) == 0 {
				t.Error("nothing is found")
			}
		})
	}
}

func BenchmarkHostileUses(b *testing.B) {
	for shape, in := range hostileUses() {
		b.Run(shape, func(b *testing.B) {
			b.SetBytes(int64(len(in[0]) + len(in[1])))
			for b.Loop() {
				u := usesOf(b, in[0], in[1])
				manifest.Compare(&u.Before, &u.After)
			}
		})
	}
}

// BenchmarkHostileArguments gives arguments to 1 MiB of Dockerfile.
func BenchmarkHostileArguments(b *testing.B) {
	args := func(v string) map[string]manifest.Property {
		given := make(map[string]manifest.Property)
		for i := range 5000 {
			given[fmt.Sprintf("A%d", i)] = manifest.Property{Value: v, Line: i}
		}
		return given
	}
	for shape, data := range otherHostile()["Dockerfile"] {
		b.Run(shape, func(b *testing.B) {
			for b.Loop() {
				argued := []manifest.Argued{{Build: manifest.Build{Args: args("2")}, Old: args("1")}}
				u := manifest.UsesOfArguments("compose.yaml", argued, []map[string][]byte{{"Dockerfile": data}})
				manifest.Compare(&u.Before, &u.After)
			}
		})
	}
}

// FuzzUsesOfProperties: the same twice, nothing where nothing changed, and a comment in a
// build file changes nothing.
func FuzzUsesOfProperties(f *testing.F) {
	f.Add("a=1\nb=2", "a=2\nb=2", "dependencies { implementation \"g:a:$a\"\n  implementation(\"g:b:${property('b')}\") }")
	f.Add("v=1.0", "v=1.1", "val x = \"v\"\nplugins { id(\"p\") version x }")
	f.Add("v=${w}\nw=1", "v\\\n=2", "ext { w = v }\nimplementation group: 'a', name: 'b', version: w")
	f.Fuzz(func(t *testing.T, before, after, build string) {
		old, err := manifest.GradleProperties("gradle.properties", []byte(before))
		now, err2 := manifest.GradleProperties("gradle.properties", []byte(after))
		if err != nil || err2 != nil {
			return
		}
		uses := func(now map[string]manifest.Property, build string) manifest.Use {
			return manifest.UsesOfProperties("gradle.properties", old, now, map[string][]byte{"build.gradle": []byte(build)})
		}
		first := uses(now, build)
		if second := uses(now, build); !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v and %+v", first, second)
		}
		if u := uses(old, build); len(u.Before.Packages)+len(u.After.Packages)+len(u.Computed) > 0 {
			t.Fatalf("nothing changed: %+v", u)
		}
		if _, err := manifest.Parse("build.gradle", []byte(build)); err == nil {
			if commented := uses(now, "// x\n"+build); len(commented.After.Packages) != len(first.After.Packages) || len(commented.Computed) != len(first.Computed) {
				t.Fatalf("a comment: %+v and %+v", first, commented)
			}
		}
		manifest.Compare(&first.Before, &first.After)
	})
}

// FuzzUsesOfArguments: the same twice, and nothing where the arguments are the same.
func FuzzUsesOfArguments(f *testing.F) {
	f.Add("ARG A=1\nFROM a:$A", "A", "1", "2")
	f.Add("ARG A\nARG B=${A:-x}\nFROM a:${B}\nCOPY --from=b:$A x y", "A", "", "2")
	f.Fuzz(func(t *testing.T, dockerfile, name, before, after string) {
		uses := func(before, after string) manifest.Use {
			old, now := map[string]manifest.Property{name: {Value: before, Line: 1}}, map[string]manifest.Property{name: {Value: after, Line: 2}}
			return manifest.UsesOfArguments("compose.yaml", []manifest.Argued{{Build: manifest.Build{Args: now, Line: 1}, Old: old}}, []map[string][]byte{{"Dockerfile": []byte(dockerfile)}})
		}
		first := uses(before, after)
		if second := uses(before, after); !reflect.DeepEqual(first, second) {
			t.Fatalf("%+v and %+v", first, second)
		}
		if u := uses(after, after); len(u.After.Packages) > 0 {
			t.Fatalf("nothing changed: %+v", u)
		}
		for _, p := range first.After.Packages {
			if p.Line == 0 {
				t.Fatalf("no line: %+v", p)
			}
		}
	})
}
