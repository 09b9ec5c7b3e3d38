package deploymentports

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A started is what a command line says of the port that it leads to.
type started struct {
	listens []listen
	// files are where the port stands instead: programs, scripts and
	// configurations, as the command names them.
	files []string
	// known says that the command is a server whose ports are all said here.
	known bool
	// named says that the command names its configuration: where that is not
	// found, nobody knows the port.
	named bool
	// args is the variable whose arguments beat all but the command's own.
	args string
}

// A server is a program that is told its port on the command line.
type server struct {
	flags   []string // that take a port or an address
	configs []string // that take a configuration file
	port    int      // without any flag
	env     string   // the variable that it looks up itself when no flag says otherwise
	bare    bool     // a bare word such as 8000 or 0.0.0.0:8000 is the address
	auto    []string // configurations that are read without being named
	args    string   // the variable that holds more arguments
}

// gunicornArgs is where gunicorn looks for more arguments.
const gunicornArgs = "GUNICORN_CMD_ARGS"

var servers = map[string]server{
	"gunicorn":       {flags: []string{"-b", "--bind"}, configs: []string{"-c", "--config"}, port: 8000, env: "PORT", auto: []string{"gunicorn.conf.py"}, args: gunicornArgs},
	"uvicorn":        {flags: []string{"--port"}, port: 8000, env: "UVICORN_PORT"},
	"hypercorn":      {flags: []string{"-b", "--bind"}, configs: []string{"-c", "--config"}, port: 8000},
	"daphne":         {flags: []string{"-p", "--port"}, port: 8000},
	"waitress-serve": {flags: []string{"--port", "--listen"}, port: 8080},
	"fastapi":        {flags: []string{"--port"}, port: 8000},
	"flask":          {flags: []string{"-p", "--port"}, port: 5000, env: "FLASK_RUN_PORT"},
	"streamlit":      {flags: []string{"--server.port"}, port: 8501, env: "STREAMLIT_SERVER_PORT"},
	"runserver":      {bare: true, port: 8000},
	"http.server":    {bare: true, port: 8000},
	"next":           {flags: []string{"-p", "--port"}, port: 3000, env: "PORT"},
	"http-server":    {flags: []string{"-p", "--port"}, port: 8080, env: "PORT"},
	"serve":          {flags: []string{"-l", "-p", "--listen"}, port: 3000, env: "PORT"},
	"rails":          {flags: []string{"-p", "--port"}, port: 3000, env: "PORT"},
	"puma":           {flags: []string{"-p", "--port", "-b", "--bind"}, configs: []string{"-C", "--config"}, port: 9292},
	"php":            {flags: []string{"-S"}},
	"artisan":        {flags: []string{"--port"}, port: 8000, env: "SERVER_PORT"},
	"granian":        {flags: []string{"--port"}, port: 8000, env: "GRANIAN_PORT"},
}

// wrappers are words before a command that start it.
var wrappers = words(`exec env poetry pipenv uv uvx run tini dumb-init -- npx pnpm yarn bunx time nohup python python3 python3.11 python3.12 python3.13 -m -u -O ddtrace-run
	opentelemetry-instrument newrelic-admin run-program sudo catatonit --no-dev -g -s`)

// start reads a command.
func start(name string, list []deployment.Word) started {
	s := started{}
	for _, c := range simple(list, 0) {
		one := startOne(name, c)
		s.listens = append(s.listens, one.listens...)
		s.files = append(s.files, one.files...)
		s.known, s.named = s.known || one.known, s.named || one.named
		s.args = cmp.Or(s.args, one.args)
	}
	return s
}

// simple takes shells apart: "sh -c TEXT" is the commands in the text.
func simple(list []deployment.Word, depth int) [][]deployment.Word {
	for i := 0; i+1 < len(list) && depth < 4; i++ {
		switch base := path.Base(list[i].Text); {
		case base != "sh" && base != "bash" && base != "ash" && base != "/bin/sh":
			continue
		case strings.HasPrefix(list[i+1].Text, "-") && strings.HasSuffix(list[i+1].Text, "c") && i+2 < len(list):
			var all [][]deployment.Word
			for _, c := range deployment.Commands(list[i+2].Text, list[i+2].Line) {
				all = append(all, simple(c, depth+1)...)
			}
			return all
		}
	}
	return [][]deployment.Word{list}
}

// startOne reads one simple command.
func startOne(name string, list []deployment.Word) started {
	for i, w := range list {
		key := path.Base(w.Text)
		if key == "server" && i > 0 && list[i-1].Text == "rails" {
			continue
		}
		s, ok := servers[key]
		if slices.Contains([]string{"php", "flask", "fastapi", "rails", "next", "artisan"}, key) {
			ok = ok && i+1 < len(list) && slices.Contains([]string{"-S", "run", "dev", "s", "server", "start", "serve"}, list[i+1].Text)
		}
		if ok && commandPosition(list[:i]) {
			return s.read(name, w, list[i+1:])
		}
	}
	return program(list)
}

// commandPosition reports whether only wrappers, options and assignments stand
// before a word. The script of an entry point mostly runs what it is given.
func commandPosition(before []deployment.Word) bool {
	for _, w := range before {
		base := path.Base(w.Text)
		if !wrappers[base] && base != "php" && !strings.HasPrefix(w.Text, "-") && !strings.Contains(w.Text, "=") && base != "manage.py" && !strings.HasPrefix(base, "python") && base != "bundle" && !strings.HasSuffix(base, ".sh") && !strings.Contains(base, "entrypoint") {
			return false
		}
	}
	return true
}

func (s server) read(name string, itself deployment.Word, args []deployment.Word) started {
	out := started{known: true}
	for i, w := range args {
		if w.Text == "--uds" || w.Text == "--fd" || strings.HasPrefix(w.Text, "--uds=") || strings.HasPrefix(w.Text, "--fd=") {
			return started{} // a socket and no port
		}
		value, at, ok := flagValue(args, i, s.flags)
		if !ok && s.bare && i == 0 && !strings.HasPrefix(w.Text, "-") {
			value, at, ok = w.Text, w.Line, true
		}
		if ok {
			if l, found := address(value); found {
				l.place, l.how = place{name, at}, "listens on"
				out.listens = append(out.listens, l)
			} else if value == "" || strings.ContainsAny(value, "$:") {
				out.known = false // a socket, or a variable that nobody knows
			}
		}
		if value, _, ok := flagValue(args, i, s.configs); ok {
			out.files = append(out.files, strings.TrimPrefix(value, "file:"))
		}
	}
	if len(out.listens) > 0 {
		out.files = nil // the command line beats the configuration
		return out
	}
	if !out.known {
		return started{}
	}
	return s.otherwise(name, itself, out)
}

// otherwise is where the port stands when no flag says it.
func (s server) otherwise(name string, itself deployment.Word, out started) started {
	l := listen{place: place{name, itself.Line}, port: s.port, how: "says no port, so that " + path.Base(itself.Text) + " listens on"}
	l.env, l.unwritten = s.env, s.env != ""
	if out.args, out.named = s.args, len(out.files) > 0; !out.named {
		out.files = s.auto
	}
	if s.port > 0 {
		out.listens = []listen{l}
	}
	return out
}

// flagValue is the value of one of the flags at i, in any of its forms.
func flagValue(args []deployment.Word, i int, flags []string) (value string, line int, ok bool) {
	w := args[i]
	for _, f := range flags {
		if w.Text == f && i+1 < len(args) {
			return args[i+1].Text, args[i+1].Line, true
		}
		if v, found := strings.CutPrefix(w.Text, f+"="); found {
			return v, w.Line, true
		}
		if v, found := strings.CutPrefix(w.Text, f); found && len(f) == 2 && v != "" {
			return v, w.Line, true
		}
	}
	return "", 0, false
}

var (
	plainAddress    = lazyregexp.New(`^(?:.*:)?(\d{2,5})/?$`)
	variableAddress = lazyregexp.New(`^(?:.*:)?\$[{(]?([A-Za-z_][A-Za-z0-9_]*)(?::?-(\d{2,5}))?[})]?/?$`)
)

// address reads "8080", "0.0.0.0:8080", ":$PORT" and "${PORT:-8000}". A variable
// without a fallback is found with the port 0.
func address(s string) (listen, bool) {
	if m := plainAddress.FindStringSubmatch(s); m != nil && !strings.Contains(s, "$") {
		return listen{port: validPort(m[1])}, validPort(m[1]) > 0
	}
	if m := variableAddress.FindStringSubmatch(s); m != nil {
		return listen{port: validPort(m[2]), env: m[1]}, true
	}
	return listen{}, false
}

// script is what npm and its kin run: the word after "run", or "start".
func script(args []deployment.Word) string {
	for i, w := range args {
		switch {
		case w.Text == "run" && i+1 < len(args):
			return args[i+1].Text
		case !strings.HasPrefix(w.Text, "-"):
			return w.Text
		}
	}
	return "start"
}

var javaPort = lazyregexp.New(`^-{1,2}(?:Dserver\.port|server\.port)=(.+)$`)

// portFlags are what programs mostly call the flag that takes their port or
// address.
var portFlags = strings.Fields(`--port -port --addr -addr --address -address --listen -listen --listen-addr -listen-addr --listen-address --bind -bind --http -http --http-addr -http-addr
	--http-port -http-port`)

// program is a command that is no known server: its own files tell the port,
// unless a flag does.
func program(list []deployment.Word) started {
	out := started{}
	for i, w := range list {
		if m := javaPort.FindStringSubmatch(w.Text); m != nil {
			if l, ok := address(m[1]); ok {
				l.place, l.how = place{"", w.Line}, "listens on"
				out.listens, out.known = append(out.listens, l), true
			}
		}
		out.files = append(out.files, programFiles(list, i)...)
		if path.Base(w.Text) == "dotnet" {
			out.listens = append(out.listens, listen{place: place{"", w.Line}, env: dotnetURLs})
		}
	}
	if len(out.files) == 0 {
		return out
	}
	for i := range list {
		value, line, ok := flagValue(list, i, portFlags)
		if !ok {
			continue
		}
		l, found := address(value)
		if !found {
			return started{} // a name that nobody knows
		}
		l.place, l.how = place{"", line}, "listens on"
		out.listens, out.known, out.files = append(out.listens, l), true, nil
		return out
	}
	return out
}

// programFiles are the files that a word of a command leads to.
func programFiles(list []deployment.Word, i int) []string {
	w := list[i]
	module := strings.ReplaceAll(w.Text, ".", "/")
	switch base := path.Base(w.Text); {
	case base == "nginx":
		return []string{"nginx.conf", "default.conf"}
	case (base == "npm" || base == "yarn" || base == "pnpm" || base == "bun") && i+1 < len(list) && codeLanguage(list[len(list)-1].Text) == "":
		return []string{"package.json#" + script(list[i+1:])}
	case base == "java":
		return []string{"application.properties", "application.yml", "application.yaml"}
	case i > 0 && list[i-1].Text == "-m":
		return []string{module + ".py", module + "/__main__.py"}
	case codeLanguage(w.Text) != "", strings.HasSuffix(base, ".sh"):
		return []string{w.Text}
	case i == 0 && strings.Contains(w.Text, "/") && path.Ext(base) == "":
		return []string{"main.go", "cmd/" + base + "/main.go", w.Text}
	default:
		return nil
	}
}
