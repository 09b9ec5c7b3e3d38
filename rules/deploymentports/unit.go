package deploymentports

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A unit is a program that can be deployed: a folder, and mostly a Dockerfile.
type unit struct {
	dir        string // the build context, "." for the top
	dockerfile string // "" for none
	target     string
}

// An overriding is what a manifest says over the head of a program.
type overriding struct {
	env     map[string]setting
	command []deployment.Word // in place of the entry point
	args    []deployment.Word // in place of the image's own arguments
	path    string            // of the manifest
	maps    []string          // of the cluster, whose variables it takes over
	open    bool              // it takes over variables that nobody sees here
}

func (o overriding) some() bool { return len(o.command)+len(o.args) > 0 }

// over is the command that an image runs under a manifest. Words of the image's
// entry point get the line of the arguments that it is given.
func (o overriding) over(d deployment.Dockerfile) []deployment.Word {
	if len(o.command) > 0 {
		return append(slices.Clone(o.command), o.args...)
	}
	list := make([]deployment.Word, 0, len(d.Entry)+len(o.args))
	for _, w := range d.Entry {
		list = append(list, deployment.Word{Text: w.Text, Line: o.args[0].Line})
	}
	return append(list, o.args...)
}

type setting struct {
	place
	value string
}

// listens are the ports that a unit listens on, any of them; none when that
// cannot be told.
func (r *repository) listens(u unit, e expect) []listen {
	o := e.overriding
	d := r.dockerfile(u.dockerfile, u.target)
	command, from := append(slices.Clone(d.Entry), d.Command...), u.dockerfile
	if o.some() {
		command, from = o.over(d), o.path
	}
	if len(command) == 0 && u.dockerfile == "" {
		command, from = r.procfile(u.dir)
	}
	found, known := r.found[u]
	if !known || o.some() {
		found = r.started(u, d, from, command, 0)
		if len(found) == 0 && len(command) == 0 && strings.Contains(path.Base(d.From), "nginx") && !strings.Contains(d.From, "exporter") {
			found = r.nginx(u, d)
		}
		if !o.some() {
			r.found[u] = found
		}
	}
	return r.told(found, u, d, e)
}

// dockerfile reads one once.
func (r *repository) dockerfile(name, target string) deployment.Dockerfile {
	key := [2]string{name, target}
	d, ok := r.dockerfiles[key]
	if !ok {
		text, _ := r.text(name)
		d = deployment.ReadDockerfile([]byte(text), target)
		r.dockerfiles[key] = d
	}
	return d
}

// code reads the ports of a program once.
func (r *repository) code(name, text, language string) []listen {
	found, ok := r.codes[name]
	if !ok {
		found = codeListens(name, text, language)
		r.codes[name] = found
	}
	return found
}

// started follows a command to where the port stands.
func (r *repository) started(u unit, d deployment.Dockerfile, from string, command []deployment.Word, depth int) []listen {
	if depth > 4 {
		return nil
	}
	if len(command) == 0 {
		return r.usual(u)
	}
	s := start(from, command)
	var inFiles []listen
	for _, ref := range s.files {
		ref, script, _ := strings.Cut(ref, "#")
		if name := r.resolve(u, d, ref); name != "" && script != "" {
			inFiles = append(inFiles, r.npm(u, d, name, script, depth)...)
		} else if name != "" {
			inFiles = append(inFiles, r.inFile(u, d, name, depth)...)
		}
	}
	for i := range s.listens {
		if s.listens[i].path == "" {
			s.listens[i].path = from
		}
	}
	for _, list := range [][]listen{inFiles, s.listens} {
		for i := range list {
			list[i].args = cmp.Or(list[i].args, s.args)
		}
	}
	switch {
	case len(inFiles) > 0:
		return inFiles // a configuration beats a default, and a flag leaves no files
	case s.named && !r.hasAll(u, d, s.files):
		return nil
	case s.known || len(s.listens) > 0:
		return s.listens
	case len(s.files) > 0:
		return r.besides(u, d, s.files)
	default:
		return nil
	}
}

// inFile are the ports that one file says.
func (r *repository) inFile(u unit, d deployment.Dockerfile, name string, depth int) []listen {
	text, ok := r.text(name)
	if !ok {
		return nil
	}
	switch base := lower(name); {
	case strings.HasSuffix(base, ".sh"), path.Ext(base) == "":
		var found []listen
		for _, c := range deployment.Commands(text, 1) {
			if s := start(name, c); s.known || len(s.files) > 0 {
				found = append(found, r.started(u, d, name, c, depth+1)...)
			}
		}
		return found
	case strings.HasPrefix(base, "application"):
		return spring(name, text)
	case path.Ext(base) == ".toml":
		return r.code(name, text, "toml")
	case strings.Contains(base, ".conf") && !strings.HasSuffix(base, ".py"):
		return r.code(name, text, "nginx")
	default:
		return r.code(name, text, codeLanguage(name))
	}
}

// npm follows a script of a package.
func (r *repository) npm(u unit, d deployment.Dockerfile, name, script string, depth int) []listen {
	text, _ := r.text(name)
	var p struct {
		Scripts map[string]string `json:"scripts"`
	}
	if json.Unmarshal([]byte(text), &p) != nil || p.Scripts[script] == "" {
		return nil
	}
	line := 1
	for i, l := range strings.Split(text, "\n") {
		if strings.Contains(l, strconv.Quote(script)+":") {
			line = i + 1
		}
	}
	var found []listen
	for _, c := range deployment.Commands(p.Scripts[script], line) {
		found = append(found, r.started(unit{path.Dir(name), u.dockerfile, u.target}, d, name, c, depth+1)...)
	}
	return found
}

var (
	yamlPort   = lazyregexp.New(`^(?P<port>\d{2,5})$`)
	yamlLookup = lazyregexp.New(`^\$\{(PORT|SERVER_PORT):(?P<port>\d{2,5})\}$`)
)

func spring(name, text string) []listen {
	if strings.HasSuffix(name, ".properties") {
		return codeListens(name, text, "properties")
	}
	docs, err := deployment.YAML([]byte(text))
	if err != nil {
		return nil
	}
	var found []listen
	for _, doc := range docs {
		if doc.At("spring", "config", "activate", "on-profile") != nil || doc.At("spring", "profiles") != nil || doc.At("spring.config.activate.on-profile") != nil {
			continue // it holds for one profile
		}
		for _, k := range springKeys {
			found = append(found, springPort(name, doc.At(strings.Split(k.key, ".")...), k.env)...)
			found = append(found, springPort(name, doc.At(k.key), k.env)...)
		}
	}
	return found
}

// springKeys are the settings of a port and the variables that beat them.
var springKeys = []struct{ key, env string }{
	{"server.port", springEnv}, {"management.server.port", ""}, {"quarkus.http.port", "QUARKUS_HTTP_PORT"}, {"micronaut.server.port", "MICRONAUT_SERVER_PORT"},
}

// springPort reads a number, which a variable may beat, or what a lookup falls back to.
func springPort(name string, n *deployment.Node, env string) []listen {
	if port := portOf(yamlPort, n.Str()); port > 0 {
		return []listen{{place: place{name, n.Line}, port: port, env: env, how: "listens on"}}
	}
	if port := portOf(yamlLookup, n.Str()); port > 0 {
		env = yamlLookup.FindStringSubmatch(n.Str())[1]
		return []listen{{place: place{name, n.Line}, port: port, env: env, how: "falls back to"}}
	}
	return nil
}

// usualNames are where a program begins, by the folder's convention.
var usualNames = strings.Fields(`main.py app.py server.py run.py asgi.py wsgi.py __main__.py app/main.py src/main.py src/app.py index.js server.js app.js main.js src/index.js src/server.js
	src/app.js src/main.js index.ts server.ts app.ts main.ts src/index.ts src/server.ts src/app.ts src/main.ts main.go cmd/server/main.go cmd/main.go cmd/api/main.go
	src/main/resources/application.properties src/main/resources/application.yml src/main/resources/application.yaml`)

// usual looks where programs usually say their port, when no command leads there.
func (r *repository) usual(u unit) []listen {
	for _, name := range []string{"gunicorn_config.py", "gunicorn.conf.py", "gunicorn_conf.py", "gunicorn.py"} {
		if found := r.inFile(u, deployment.Dockerfile{}, path.Join(u.dir, name), 4); len(found) > 0 {
			return found
		}
	}
	var found []listen
	for _, name := range usualNames {
		found = append(found, r.inFile(u, deployment.Dockerfile{}, path.Join(u.dir, name), 4)...)
	}
	return found
}

// besides looks beside a program that says no port itself, where settings usually
// are, and in what the change touches there.
func (r *repository) besides(u unit, d deployment.Dockerfile, refs []string) []listen {
	var names []string
	for _, ref := range refs {
		if name := r.resolve(u, d, ref); name != "" && codeLanguage(name) != "" {
			for _, beside := range []string{"config.py", "settings.py", "server.py", "app.py", "config.ts", "config.js", "env.ts", "env.js", "env.mjs", "server.ts", "server.js", "app.ts", "app.js", "config.go", "server.go"} {
				names = append(names, path.Join(path.Dir(name), beside))
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	for _, name := range r.touched {
		if codeLanguage(name) != "" && within(name, u.dir) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var found []listen
	for _, name := range slices.Compact(names) {
		found = append(found, r.inFile(u, d, name, 4)...)
	}
	return found
}

func within(name, dir string) bool { return dir == "." || strings.HasPrefix(name, dir+"/") }

// nginx finds the configuration that an image of nginx is given; without any it
// listens on 80.
func (r *repository) nginx(u unit, d deployment.Dockerfile) []listen {
	var found []listen
	given := false
	for _, c := range d.Copies {
		if !strings.HasPrefix(c.To, "/etc/nginx") && !strings.HasPrefix(c.To, "/opt/bitnami/nginx") {
			continue
		}
		given = true
		name := path.Join(u.dir, c.From)
		if r.has(name) {
			found = append(found, r.inFile(u, d, name, 4)...)
			continue
		}
		for _, below := range r.below(name) {
			if strings.Contains(lower(below), ".conf") {
				found = append(found, r.inFile(u, d, below, 4)...)
			}
		}
	}
	if !given {
		line, port := 1, 80
		if strings.Contains(d.From, "unprivileged") || strings.Contains(d.From, "bitnami") {
			port = 8080
		}
		text, _ := r.text(u.dockerfile)
		for i, l := range strings.Split(text, "\n") {
			if strings.Contains(l, d.From) {
				line = i + 1
			}
		}
		return []listen{{place: place{u.dockerfile, line}, port: port, how: "brings no configuration, so that nginx listens on"}}
	}
	return found
}

// procfile is the web process of a Procfile.
func (r *repository) procfile(dir string) ([]deployment.Word, string) {
	name := path.Join(dir, "Procfile")
	text, _ := r.text(name)
	for i, l := range strings.Split(text, "\n") {
		if command, ok := strings.CutPrefix(strings.TrimSpace(l), "web:"); ok {
			return []deployment.Word{{Text: "sh", Line: i + 1}, {Text: "-c", Line: i + 1}, {Text: command, Line: i + 1}}, name
		}
	}
	return nil, ""
}
