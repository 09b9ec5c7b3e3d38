package deploymentports

import (
	"path"
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

// A pattern finds ports in one line of a program. The group named port is the
// number; with env it is what holds when that variable says nothing else.
type pattern struct {
	expression *lazyregexp.Regexp
	env        string
	how        string
}

func find(how, expression string) pattern { return pattern{lazyregexp.New(expression), "", how} }

func falls(how, expression string) pattern {
	return pattern{lazyregexp.New(expression), "PORT", how}
}

// springEnv is the variable that beats server.port in Spring's configuration.
const springEnv = "SERVER_PORT"

func springs(how, expression string) pattern {
	return pattern{lazyregexp.New(expression), springEnv, how}
}

var number = `["']?(?P<port>\d{2,5})\b`

// patterns by language. A lookup is always of the variable PORT: others, such as
// DB_PORT, are mostly of somebody else.
var patterns = map[string][]pattern{
	"python": {
		falls("falls back to", `["']PORT["']\s*,\s*(?:default\s*=\s*)?(?:str\()?`+number),
		falls("falls back to", `["']PORT["']\s*\)\s*or\s+`+number),
		find("listens on", `\b(?:uvicorn\.run|app\.run|application\.run|socketio\.run|server\.run|run_app|run_simple|serve|hypercorn\.run|web\.run_app)\(.*\bport\s*=\s*`+number),
		find("listens on", `\bHTTPServer\(\s*\(\s*["'][^"']*["']\s*,\s*`+number),
		find("binds to", `^\s*bind\s*=\s*\[?\s*f?["'][^"':]*:(?P<port>\d{2,5})["']`),
		find("binds to", `^\s*bind\s*=\s*\[?\s*["']\[::\]:(?P<port>\d{2,5})["']`),
	},
	"node": {
		falls("falls back to", `\benv(?:\.PORT|\[["']PORT["']\])\s*\)?\s*(?:,\s*10\s*\))?\s*(?:\|\||\?\?)\s*`+number),
		falls("falls back to", `[{,]\s*PORT(?:\s*:\s*\w+)?\s*=\s*`+number+`.*}\s*=\s*process\.env`),
		find("listens on", `\.listen\(\s*(?:{[^}]*\bport\s*:\s*)?`+number),
		find("listens on", `\b(?:Bun\.serve|Deno\.serve|serve)\(\s*{[^}]*\bport\s*:\s*`+number),
	},
	"go": {
		falls("falls back to", `\(\s*(?:os\.Getenv\()?"PORT"\)?\s*,\s*":?(?P<port>\d{2,5})"`),
		find("listens on", `\b(?:ListenAndServe|ListenAndServeTLS|Run|Start|Listen)\(\s*(?:"tcp4?"\s*,\s*)?"[^":]*:(?P<port>\d{2,5})"`),
		find("listens on", `\bAddr:\s*"[^":]*:(?P<port>\d{2,5})"`),
	},
	"java": {
		falls("falls back to", `\(\s*"PORT"\s*,\s*`+number),
		falls("falls back to", `"PORT"\s*\)\s*\?:\s*`+number),
		find("listens on", `\bembeddedServer\([^)]*\bport\s*=\s*`+number),
	},
	"properties": {
		springs("listens on", `^\s*server\.port\s*[=:]\s*(?P<port>\d{2,5})\s*$`),
		springs("falls back to", `^\s*server\.port\s*[=:]\s*\$\{SERVER_PORT:(?P<port>\d{2,5})\}`),
		find("listens on", `^\s*management\.server\.port\s*[=:]\s*(?P<port>\d{2,5})\s*$`),
		falls("falls back to", `^\s*server\.port\s*[=:]\s*\$\{PORT:(?P<port>\d{2,5})\}`),
	},
	"nginx": {
		find("listens on", `^\s*listen\s+(?:[0-9.*]+:|\[[0-9a-f:]*\]:)?(?P<port>\d{2,5})\b[^;]*;`),
		falls("falls back to", `^\s*listen\s+\$\{?PORT:-(?P<port>\d{2,5})`),
	},
}

// begins are lines after which, for a few lines, a port is set: a call that goes
// on, or a lookup whose fallback is assigned below.
var (
	pythonCall = lazyregexp.New(`\b(?:uvicorn\.run|app\.run|application\.run|socketio\.run|run_app|run_simple|serve|web\.run_app)\($|\b(?:uvicorn\.run|app\.run|run_app|run_simple|serve)\([^)]*$`)
	pythonPort = lazyregexp.New(`^\s*port\s*=\s*(?P<port>\d{2,5})\s*,?\s*\)?`)
	goLookup   = lazyregexp.New(`\bos\.Getenv\("PORT"\)`)
	goDefault  = lazyregexp.New(`(?:=|return)\s*":?(?P<port>\d{2,5})"`)
	nodeListen = lazyregexp.New(`\.listen\(\s*(?:{[^}]*\bport\s*:\s*)?([A-Za-z_$][\w$]*)`)
	nodeConst  = lazyregexp.New(`\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*\w+\s*)?=\s*(?P<port>\d{2,5})\s*;?\s*$`)
	portWord   = lazyregexp.New(`(?i)port|listen|bind|addr|server|\.Run\(|\.Start\(`)
)

// goesOn is for how many lines.
const goesOn = 8

// codeListens finds the ports in a program or a server's configuration. Comments
// are left out as far as a line shows them.
func codeListens(name, text, language string) []listen {
	if !portWord.MatchString(text) {
		return nil
	}
	r := &codeReader{path: name, language: language, consts: map[string]listen{}}
	for l := range strings.Lines(text) {
		r.number++
		r.line(deployment.WithoutComment(strings.TrimRight(l, "\r\n"), commentMark(language)))
	}
	return r.found
}

type codeReader struct {
	path, language string
	number         int
	found          []listen
	call           int // the line until which a call goes on
	lookup         int // … or a lookup's fallback may be assigned
	block          bool
	consts         map[string]listen
}

// maxLine is where a line is cut: programs written by people have shorter ones.
const maxLine = 2000

func (r *codeReader) line(l string) {
	if len(l) > maxLine {
		l = l[:maxLine]
	}
	if l == "" || r.inBlock(l) {
		return
	}
	for _, p := range patterns[r.language] {
		if port := portOf(p.expression, l); port > 0 {
			r.found = append(r.found, listen{place: place{r.path, r.number}, port: port, env: p.env, how: p.how})
			return
		}
	}
	switch r.language {
	case "python":
		r.python(l)
	case "go":
		r.golang(l)
	case "node":
		r.node(l)
	}
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

func (r *codeReader) python(l string) {
	if port := portOf(pythonPort, l); port > 0 && r.number <= r.call {
		r.found = append(r.found, listen{place: place{r.path, r.number}, port: port, how: "listens on"})
		r.call = 0
	}
	if pythonCall.MatchString(strings.TrimRight(l, " \t")) {
		r.call = r.number + goesOn
	}
}

func (r *codeReader) golang(l string) {
	if port := portOf(goDefault, l); port > 0 && r.number <= r.lookup {
		r.found = append(r.found, listen{place: place{r.path, r.number}, port: port, env: "PORT", how: "falls back to"})
		r.lookup = 0
	}
	if goLookup.MatchString(l) {
		r.lookup = r.number + goesOn
	}
}

func (r *codeReader) node(l string) {
	if m := nodeConst.FindStringSubmatch(l); m != nil {
		if port := validPort(m[2]); port > 0 {
			r.consts[m[1]] = listen{place: place{r.path, r.number}, port: port, how: "listens on"}
		}
	}
	if m := nodeListen.FindStringSubmatch(l); m != nil {
		if one, ok := r.consts[m[1]]; ok {
			r.found = append(r.found, one)
			delete(r.consts, m[1])
		}
	}
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
	case "python", "nginx", "properties", "shell":
		return "#"
	}
	return "//"
}
