package deploymentports

import (
	"path"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/deployment"
)

// dotnetURLs is the variable in which programs of .NET look up where they listen;
// others have the same meaning.
const dotnetURLs = "ASPNETCORE_URLS"

var otherNames = map[string][]string{dotnetURLs: {"DOTNET_URLS", "ASPNETCORE_HTTP_PORTS"}}

// told evaluates what the program is known to listen on under a manifest; where
// nothing is known it is what the image exposes.
func (r *repository) told(found []listen, u unit, d deployment.Dockerfile, e expect) []listen {
	var known []listen
	for _, l := range found {
		if s, _, ok := r.setting(l.args, u, d, e.overriding); ok {
			if given, ok := arguments(s); ok {
				known = append(known, given...)
				continue
			}
		}
		if l.env != "" {
			l = r.lookUp(l, u, d, e)
		}
		known = append(known, l)
	}
	name := hidden(known)
	if len(known) > 0 && name == "" || name == dotnetURLs || name != "" && (e.open || e.injects) || e.some() {
		return known // what an image exposes is older than what it is told
	}
	return exposed(u, d)
}

// hidden is the variable of a port that nobody knows here, which may be the one
// that is expected.
func hidden(found []listen) string {
	for _, l := range found {
		if l.port == 0 {
			return l.env
		}
	}
	return ""
}

// lookUp looks a variable up: in the manifest, then in the image. One that is
// there without a value, or may be given where nobody sees it, is not known.
func (r *repository) lookUp(l listen, u unit, d deployment.Dockerfile, e expect) listen {
	if s, from, ok := r.setting(l.env, u, d, e.overriding); ok {
		a, _ := address(s.value)
		if l = (listen{place: s.place, port: a.port, env: l.env, how: "is told in " + l.env + " to listen on"}); from != "" {
			l.how = "sets " + l.env + " to"
		}
		if from == "" && a.port > 0 {
			l.env = "" // the manifest has the last word
		}
		return l
	}
	if e.open {
		l.port = 0
	}
	return l
}

// setting is what a variable is set to; from is the Dockerfile when that does it.
func (r *repository) setting(name string, u unit, d deployment.Dockerfile, o overriding) (s setting, from string, ok bool) {
	if name == "" {
		return s, "", false
	}
	names := append([]string{name}, otherNames[name]...)
	for _, n := range names {
		if s, ok := o.env[n]; ok {
			return s, "", true
		}
	}
	for _, n := range names {
		if s, ok := r.mapped(n, o); ok {
			return s, "", true
		}
	}
	for _, n := range names {
		if s, ok := d.Env[n]; ok {
			return setting{place{u.dockerfile, s.Line}, s.Value}, u.dockerfile, true
		}
	}
	return s, "", false
}

// mapped looks in the cluster's maps that a manifest takes over. Two of one name
// that differ, as stages have them, say nothing.
func (r *repository) mapped(name string, o overriding) (setting, bool) {
	for _, m := range o.maps {
		list := r.maps[m]
		if len(list) == 0 {
			return setting{}, true // it is made elsewhere
		}
		var first *setting
		for _, env := range list {
			s, ok := env[name]
			if ok && first != nil && first.value != s.value {
				return setting{}, true
			}
			if ok && first == nil {
				first = &s
			}
		}
		if first != nil {
			return *first, true
		}
	}
	return setting{}, false
}

// arguments are the ports of more arguments in a variable; one that nobody knows
// when the variable is set elsewhere, or names a configuration. The second answer
// is false when they are of other things.
func arguments(s setting) ([]listen, bool) {
	var words []deployment.Word
	for _, c := range deployment.Commands(s.value, s.line) {
		words = append(words, c...)
	}
	unknown := []listen{{place: s.place, env: gunicornArgs}}
	if len(words) == 0 {
		return unknown, true
	}
	gunicorn := servers["gunicorn"]
	for i := range words {
		if _, _, ok := flagValue(words, i, gunicorn.configs); ok {
			return unknown, true
		}
		if _, _, ok := flagValue(words, i, gunicorn.flags); !ok {
			continue
		}
		found := gunicorn.read(s.path, deployment.Word{Text: "gunicorn", Line: s.line}, words).listens
		for i := range found {
			found[i].line = s.line
		}
		if len(found) == 0 || found[0].unwritten {
			found = unknown // a socket
		}
		return found, true
	}
	return nil, false
}

// exposed are the ports that a Dockerfile exposes: what counts when nothing else
// is known.
func exposed(u unit, d deployment.Dockerfile) []listen {
	var found []listen
	for _, w := range d.Expose {
		port := validPort(w.Text)
		if port == 0 {
			if s, ok := d.Env[strings.Trim(w.Text, "${}")]; ok {
				port = validPort(s.Value)
			}
		}
		if port == 0 {
			return nil
		}
		found = append(found, listen{place: place{u.dockerfile, w.Line}, port: port, how: "exposes"})
	}
	return found
}

// hasAll reports whether every file that a command names is in the repository.
func (r *repository) hasAll(u unit, d deployment.Dockerfile, refs []string) bool {
	return !slices.ContainsFunc(refs, func(ref string) bool { return r.resolve(u, d, ref) == "" })
}

// dotenv reads the assignments of a file that Compose gives a container.
func (r *repository) dotenv(name string) (map[string]setting, bool) {
	text, ok := r.text(name)
	env := make(map[string]setting)
	for i, l := range strings.Split(text, "\n") {
		key, value, assigns := strings.Cut(strings.TrimSpace(l), "=")
		if assigns && !strings.HasPrefix(key, "#") {
			key = strings.TrimSpace(strings.TrimPrefix(key, "export "))
			env[key] = setting{place{name, i + 1}, strings.Trim(strings.TrimSpace(value), `"'`)}
		}
	}
	return env, ok
}

// isDotenv tells the files that hold variables and nothing else.
func isDotenv(name string) bool {
	base := lower(name)
	return path.Ext(base) == ".env" || strings.HasPrefix(base, ".env.") && !strings.Contains(base, "example") && !strings.Contains(base, "sample")
}
