package deploymentports

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A listen is a port that a program listens on, as far as a file tells.
type listen struct {
	place
	port int    // 0 when only the variable is known
	env  string // the variable that the port is looked up in; port is what it falls back to
	how  string
	// unwritten says that no file has the number: it is the program's own.
	unwritten bool
	// args is the variable whose arguments beat this.
	args string
}

// codeLanguage is the language of a program in which ports are looked for.
func codeLanguage(name string) string {
	switch path.Ext(strings.ToLower(name)) {
	case ".py":
		return "python"
	case ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts":
		return "node"
	case ".go":
		return "go"
	case ".java", ".kt":
		return "java"
	default:
		return ""
	}
}

// goesOn is for how many lines.
const goesOn = 8

// codeListens finds the ports in a program or a server's configuration. Comments
// are left out as far as a line shows them.
func codeListens(name, text, language string) []listen {
	if !portWord.MatchString(text) {
		return nil
	}
	r := &codeReader{path: name, language: language, consts: map[string]listen{}, prefixed: strings.Contains(text, "env_prefix")}
	for l := range strings.Lines(text) {
		r.number++
		r.line(deployment.WithoutComment(strings.TrimRight(l, "\r\n"), commentMark(language)))
	}
	return r.resolve()
}

type codeReader struct {
	path, language string
	number         int
	found          []listen
	call           int // the line until which a call goes on
	lookup         int // … or a lookup's fallback may stand below
	bare           int // 1 + the index of that lookup in found
	block          bool
	settings       bool // in a class of pydantic's settings
	prefixed       bool // whose fields are not called as their variables
	gin            string
	consts         map[string]listen
	uses           []use
}

// A use is a name that stands where a port is expected.
type use struct {
	name string
	listen
}

// maxListens is how many ports of one file are read.
const maxListens = 100

// maxLine is where a line is cut: programs written by people have shorter ones.
const maxLine = 2000

func (r *codeReader) line(l string) {
	if len(l) > maxLine {
		l = l[:maxLine]
	}
	if l == "" || len(r.found)+len(r.uses) >= maxListens || r.inBlock(l) {
		return
	}
	if c := constants[r.language]; c != nil {
		if m := c.FindStringSubmatch(l); m != nil && validPort(m[2]) > 0 {
			if _, twice := r.consts[m[1]]; !twice {
				r.consts[m[1]] = listen{place: place{r.path, r.number}, port: validPort(m[2])}
			}
		}
	}
	for _, p := range patterns[r.language] {
		if port := portOf(p.expression, l); port > 0 {
			r.add(listen{port: port, env: p.env, how: p.how})
			return
		}
	}
	for _, p := range byName[r.language] {
		if m := p.expression.FindStringSubmatch(l); m != nil {
			r.uses = append(r.uses, use{m[1], listen{env: p.env, how: p.how}})
			return
		}
	}
	if r.goesOn(l) {
		return
	}
	if b := lookedUp[r.language]; b != nil && b.MatchString(l) {
		r.add(listen{env: "PORT"})
		r.lookup, r.bare = r.number+goesOn, len(r.found)
	}
}

func (r *codeReader) add(l listen) {
	l.place = place{r.path, r.number}
	r.found = append(r.found, l)
}

// goesOn reads a line by what stood above it.
func (r *codeReader) goesOn(l string) bool {
	if c := calls[r.language]; c != nil && c.MatchString(l) {
		r.call = r.number + goesOn
		return true
	}
	if r.number <= r.call {
		if port := portOf(inCall, l); port > 0 {
			r.add(listen{port: port, how: "listens on"})
			r.call = 0
			return true
		}
		if m := nameInCall.FindStringSubmatch(l); m != nil {
			r.uses = append(r.uses, use{m[1], listen{how: "listens on"}})
		}
	}
	if d := belowLookup[r.language]; d != nil && r.number <= r.lookup {
		if m := d.FindStringSubmatch(l); m != nil {
			r.fallback(m[1], validPort(cmp.Or(m[2:]...)))
			return true
		}
	}
	switch r.language {
	case "python":
		return r.pydantic(l)
	case "go":
		return r.usesGin(l)
	}
	return false
}

// fallback gives the lookup above what it falls back to, a number or a name.
func (r *codeReader) fallback(name string, port int) {
	at := &r.found[r.bare-1]
	switch {
	case port > 0:
		*at = listen{place: place{r.path, r.number}, port: port, env: "PORT", how: "falls back to"}
	case name != "":
		r.uses = append(r.uses, use{name, listen{env: "PORT", how: "falls back to"}})
	}
	r.lookup = 0
}

// pydantic reads a field of its settings, whose name is the variable's.
func (r *codeReader) pydantic(l string) bool {
	if strings.HasPrefix(l, "class ") {
		r.settings = strings.Contains(l, "BaseSettings") && !r.prefixed && !othersSettings.MatchString(l)
	}
	if port := portOf(pydanticPort, l); port > 0 && r.settings {
		r.add(listen{port: port, env: "PORT", how: "falls back to"})
		return true
	}
	return false
}

// usesGin reads the call that leaves the port to Gin.
func (r *codeReader) usesGin(l string) bool {
	if m := ginRouter.FindStringSubmatch(l); m != nil {
		r.gin = m[1]
		return true
	}
	if r.gin == "" || !strings.Contains(l, r.gin+".Run()") {
		return false
	}
	r.add(listen{port: 8080, env: "PORT", how: "says no port, so that Gin falls back to"})
	return true
}

// resolve turns names into the numbers that the file gives them.
func (r *codeReader) resolve() []listen {
	for _, u := range r.uses {
		c, ok := r.consts[u.name]
		if !ok {
			continue
		}
		c.env, c.how = u.env, u.how
		if u.env != "" && r.bare > 0 && r.found[r.bare-1].port == 0 {
			r.found[r.bare-1] = c
			continue
		}
		if !slices.Contains(r.found, c) {
			r.found = append(r.found, c)
		}
	}
	return r.found
}

// inBlock leaves block comments out, roughly: of languages that have them.
func (r *codeReader) inBlock(l string) bool {
	if r.language != "node" && r.language != "go" && r.language != "java" {
		return false
	}
	t := strings.TrimSpace(l)
	switch {
	case r.block:
		r.block = !strings.Contains(t, "*/")
		return true
	case strings.HasPrefix(t, "/*"):
		r.block = !strings.Contains(t, "*/")
		return true
	}
	return false
}

// portOf is the port that an expression finds in a line, 0 for none.
func portOf(e *lazyregexp.Regexp, l string) int {
	m := e.FindStringSubmatch(l)
	if m == nil {
		return 0
	}
	return validPort(m[e.SubexpIndex("port")])
}

func validPort(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}

// commentMark begins a comment in a language.
func commentMark(language string) string {
	switch language {
	case "python", "nginx", "properties", "shell", "toml":
		return "#"
	}
	return "//"
}
