package testset

import (
	"strings"
)

// options reads words of the command line, as seen from a folder; it returns the
// configuration file that -c names.
//
// A word that is a variable is taken for options where folders are named beside
// it, and for anything where none are.
func (r *pytestRun) options(words []string, dir string) (config string) {
	vague := false
	defer func() { r.all = r.all || vague && len(r.args) == 0 }()
	for i := 0; i < len(words); i++ {
		w, value := words[i], ""
		if name, v, ok := strings.Cut(w, "="); ok && strings.HasPrefix(w, "--") {
			w, value = name, v
		} else if valued[w] && i+1 < len(words) {
			i++
			value = words[i]
		}
		switch {
		case w == "--ignore" && value == "", w == "--ignore-glob" && value == "":
		case w == "--ignore":
			r.ignored = append(r.ignored, join(dir, value))
		case w == "--ignore-glob":
			if re := fnmatch(join(dir, value)); re != nil {
				r.globs = append(r.globs, re)
			}
		case w == "--deselect":
			r.selects = append(r.selects, "--deselect "+value)
		case w == "-k" || w == "-m":
			r.selects = append(r.selects, w+" "+value)
		case w == "-c" || w == "--config-file":
			config = join(dir, value)
		case w == "--rootdir":
			r.rootdir = join(dir, value)
		case w == "--import-mode":
			r.importlib = value == "importlib"
		case strings.HasPrefix(w, "-k") && len(w) > 2 || strings.HasPrefix(w, "-m") && len(w) > 2:
			r.selects = append(r.selects, w[:2]+" "+w[2:])
		case strings.HasPrefix(w, "-"), w == "2>&1", strings.HasPrefix(w, ">"):
		case unknown(w):
			vague = true
		default:
			r.argument(w, dir)
		}
	}
	return config
}

// argument takes a file, a folder, or a test in one.
func (r *pytestRun) argument(w, dir string) {
	name, test, _ := strings.Cut(w, "::")
	if test != "" {
		r.nodes = append(r.nodes, join(dir, name)+"::"+test)
	}
	if strings.ContainsAny(name, "*?[") {
		re := fnmatch(join(dir, name))
		for _, p := range r.c.tree.paths {
			if re != nil && re.MatchString(p) {
				r.args = append(r.args, p)
			}
		}
		return
	}
	r.args = append(r.args, join(dir, name))
}
