package deployment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/deployment"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a b; c":                   "1:a 1:b | 1:c",
		"a \\\n  b\nc":             "1:a 2:b | 3:c",
		"a \\\r\n  b":              "1:a 2:b",
		"# no\na # b\nc#d":         "2:a | 3:c#d",
		`a 'b c' "d e" f"g"h`:      "1:a 1:b c 1:d e 1:fgh",
		`a "" ''`:                  "1:a 1: 1:",
		"a ${P:-b c} d":            "1:a 1:${P:-b c} 1:d",
		"a && b || c | d & (e)":    "1:a | 1:b | 1:c | 1:d | 1:e",
		"a 'x\ny' z":               "1:a 1:x\ny 2:z",
		`a "x\"y"`:                 `1:a 1:x"y`,
		"x --po\"rt\"='80' `date`": "1:x 1:--port=80 | 1:date",
		"unclosed 'a b":            "1:unclosed 1:a b",
	} {
		var commands []string
		for _, c := range deployment.Commands(text, 1) {
			var words []string
			for _, w := range c {
				words = append(words, fmt.Sprintf("%d:%s", w.Line, w.Text))
			}
			commands = append(commands, strings.Join(words, " "))
		}
		if got := strings.Join(commands, " | "); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := `# syntax=docker/dockerfile:1
FROM python:3.12 AS base
ENV PORT=8000 \
    # in between
    MODE="a b"
WORKDIR /app
FROM base AS dev
CMD ["flask", "run"]
FROM base
ENV NAME some value
WORKDIR sub
EXPOSE 8000/tcp $PORT
COPY --chown=1 src ./
COPY --from=dev /x /y
COPY ["a b", "/z/"]
ENTRYPOINT ["sh", "-c", \
  "exec app"]
`
	d := deployment.ReadDockerfile([]byte(text), "")
	want := deployment.Dockerfile{
		From: "python:3.12", Workdir: "/app/sub",
		Env:    map[string]deployment.Setting{"PORT": {Value: "8000", Line: 3}, "MODE": {Value: "a b", Line: 5}, "NAME": {Value: "some value", Line: 10}},
		Expose: []deployment.Word{{Text: "8000", Line: 12}, {Text: "$PORT", Line: 12}},
		Entry:  []deployment.Word{{Text: "sh", Line: 16}, {Text: "-c", Line: 16}, {Text: "exec app", Line: 17}},
		Copies: []deployment.Copy{{From: "src", To: "/app/sub/"}, {From: "a b", To: "/z/"}},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if dev := deployment.ReadDockerfile([]byte(text), "dev"); len(dev.Command) != 2 || dev.Workdir != "/app" {
		t.Errorf("%+v", dev)
	}
}

func TestYAML(t *testing.T) {
	t.Parallel()
	docs, err := deployment.YAML([]byte("# c\na: &x\n  p: 1\n---\nb:\n  <<: {q: 2, r: 3}\n  q: 4\nc: [d, e]\n"))
	if err != nil || len(docs) != 2 {
		t.Fatal(docs, err)
	}
	if n := docs[0].At("a", "p"); n.Str() != "1" || n.Line != 3 {
		t.Errorf("%+v", n)
	}
	if q, r := docs[1].At("b", "q"), docs[1].At("b", "r"); q.Str() != "4" || q.Line != 7 || r.Str() != "3" {
		t.Errorf("%+v %+v", q, r)
	}
	if diff := cmp.Diff([]deployment.Word{{Text: "d", Line: 8}, {Text: "e", Line: 8}}, docs[1].At("c").Words()); diff != "" {
		t.Error(diff)
	}
	if n := docs[0].At("nothing", "here"); n.Str() != "" || n.List() != nil || n.Words() != nil || n.Scalar() {
		t.Errorf("%+v", n)
	}
}

// What is too much is refused before it costs anything.
func TestHostileYAML(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 'a'; i < 'j'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat("*"+string(i)+",", 10), ","))
	}
	for name, text := range map[string]string{
		"bomb": bomb, "circle": "a: &a [*a]\n", "deep": strings.Repeat("[", 10_000), "large": "a: " + strings.Repeat("x", 1<<20), "broken": "a: [\n",
		"many": strings.Repeat("---\na: b\n", 100_000),
	} {
		if docs, err := deployment.YAML([]byte(text)); err == nil || docs != nil {
			t.Errorf("%s: %d documents", name, len(docs))
		}
	}
}

// A file has as many documents as people write, and no more.
func TestManyDocuments(t *testing.T) {
	t.Parallel()
	for count, want := range map[int]bool{2000: true, 2001: false} {
		docs, err := deployment.YAML([]byte(strings.Repeat("---\na: b\n", count)))
		if (err == nil) != want || want && len(docs) != count {
			t.Errorf("%d: %d documents, %v", count, len(docs), err)
		}
	}
}

func TestWithoutComment(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`port = 80 # or 81`:                `port = 80 `,
		`# all`:                            ``,
		`url = "http://a/#b" # c`:          `url = "http://a/#b" `,
		`a = 'it\'s # no' #yes`:            `a = 'it\'s # no' `,
		`curl http://a/b#c`:                `curl http://a/b#c`,
		"color = `#fff`":                   "color = `#fff`",
		`f();# c`:                          `f();`,
		`no mark`:                          `no mark`,
		`an open " quote keeps # the rest`: `an open " quote keeps # the rest`,
	} {
		if got := deployment.WithoutComment(line, "#"); got != want {
			t.Errorf("%q becomes %q, not %q", line, got, want)
		}
	}
}
