package deployment_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/deployment"
)

// Words are never more than the text holds, and have lines of it.
func FuzzCommands(f *testing.F) {
	for _, s := range []string{"", "a b\\\n c # d\ne", "a 'b\nc' \"d $x ${y:-z w}\" `q` $(r)", "\\", "'", "\"\\", "${", "a\\\r\nb", "${a{b}c}\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		size := 0
		for _, c := range deployment.Commands(text, 1) {
			for _, w := range c {
				if size += len(w.Text); w.Line < 1 || w.Line > strings.Count(text, "\n")+1 {
					t.Fatalf("%q is on line %d", w.Text, w.Line)
				}
			}
		}
		if size > len(text) {
			t.Fatalf("%d bytes of words in %d bytes", size, len(text))
		}
	})
}

// A document is read or refused, and has lines of its text.
func FuzzYAML(f *testing.F) {
	for _, s := range []string{"", "a: b", "a: [1, {b: c}]\n---\nx: y\n", "a: &x {b: c}\nd: {<<: *x, e: f}\n", "&a [*a]", "a: |\n  ---\n", "--- \n---\n", "# x\n", "a: &a [*a, *a]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		docs, err := deployment.YAML([]byte(text))
		if err != nil {
			return
		}
		var visit func(n *deployment.Node)
		visit = func(n *deployment.Node) {
			if n == nil {
				return
			}
			if n.Line < 0 || n.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+len(text)+1 {
				t.Fatalf("line %d", n.Line)
			}
			for _, i := range n.Items {
				visit(i)
			}
			for _, p := range n.Map() {
				visit(p.Value)
			}
			n.Words()
			_ = n.At("a", "b").Str()
		}
		for _, d := range docs {
			visit(d)
		}
	})
}

func FuzzDockerfile(f *testing.F) {
	for _, s := range []string{"FROM a AS b\nENV A=b C=d\nFROM b\nCMD [\"x\"]", "ENV A b c", "CMD x \\\n# c\n y", "EXPOSE 80 90/tcp $P", "COPY --from=a x y", "copy [\"a\", \"b\"]", "FROM", "FROM --platform=x"} {
		f.Add(s, "b")
	}
	f.Fuzz(func(t *testing.T, text, target string) {
		d := deployment.ReadDockerfile([]byte(text), target)
		lines := strings.Count(text, "\n") + 1
		for _, w := range append(append(d.Expose, d.Command...), d.Entry...) {
			if w.Line < 1 || w.Line > lines {
				t.Fatalf("%q is on line %d of %d", w.Text, w.Line, lines)
			}
		}
		if d.Env == nil {
			t.Fatal("no environment")
		}
	})
}
