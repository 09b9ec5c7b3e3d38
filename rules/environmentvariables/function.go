package environmentvariables

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/change"
	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// likely are the files in which programs define functions for their environment,
// where the change does not touch them.
var likely = lazyregexp.New(`(?i)env|config|setting|util|helper|common|must|secret|requir|lib|support|core`)

// functions finds the functions that fail for a variable: in the change, and for
// those that it newly calls in the files where they may be.
func (j *judging) functions(programs []program) error {
	called := make(map[string]bool) // language, function and variable
	for _, p := range programs {
		j.fail(p.language, fails(p.text, p.language))
	}
	for _, side := range []change.Side{change.AtHead, change.AtBase} {
		for _, p := range programs {
			for _, c := range calledElsewhere(p.text, p.language) {
				if key := p.language + " " + c.function + " " + c.variable; p.side == side && side == change.AtHead && !c.isOne(j.calls[p.language]) {
					called[key] = true
				} else if p.side == side {
					delete(called, key)
				}
			}
		}
	}
	if len(called) == 0 {
		return nil
	}
	open := make(map[string]bool)
	for key := range called {
		open[key[:strings.LastIndexByte(key, ' ')]] = true
	}
	return j.elsewhere(open, programs)
}

// elsewhere looks for functions in code that the change does not touch.
func (j *judging) elsewhere(open map[string]bool, programs []program) error {
	entries, err := j.in.Change.Tree(j.ctx, change.AtHead)
	if err != nil {
		return err
	}
	changed, beside := make(map[string]bool), make(map[string]bool)
	for _, p := range programs {
		changed[p.path] = true
		beside[path.Dir(p.path)] = true
	}
	languages := make(map[string]bool)
	for key := range open {
		language, _, _ := strings.Cut(key, " ")
		languages[language] = true
	}
	var names []string
	for _, e := range entries {
		if plain(e.Mode) && !changed[e.Path] && languages[languageOf(e.Path)] && j.isCode(e.Path) && (beside[path.Dir(e.Path)] || likely.MatchString(path.Base(e.Path)) || likely.MatchString(path.Base(path.Dir(e.Path)))) {
			names = append(names, e.Path)
		}
	}
	j.order(names)
	return j.search(names, maxSearched, maxOlder, func(name, text string) bool {
		language := languageOf(name)
		list := fails(text, language)
		for _, f := range list {
			delete(open, language+" "+f)
		}
		j.fail(language, list)
		return len(open) == 0
	}, nil)
}

func (j *judging) fail(language string, functions []string) {
	if len(functions) > 0 && j.calls[language] == nil {
		j.calls[language] = make(map[string]bool)
	}
	for _, f := range functions {
		j.calls[language][f] = true
	}
}

// users looks for the code that requires variables, file by file.
type users struct {
	names   map[string]bool
	found   map[string]wanted
	calls   map[string]map[string]bool
	pending []pending
}

// pending is what is given to a function of which it is not known yet whether it
// fails.
type pending struct {
	language string
	call     handed
	wanted
}

// see reads one file, and reports whether all is found.
func (u *users) see(name, text string) bool {
	language := languageOf(name)
	for _, f := range fails(text, language) {
		if u.calls[language] == nil {
			u.calls[language] = make(map[string]bool)
		}
		u.calls[language][f] = true
	}
	list, _ := needs(text, language, u.calls[language])
	for _, n := range list {
		if _, twice := u.found[n.name]; u.names[n.name] && !twice {
			u.found[n.name] = wanted{path: name, need: n}
		}
	}
	for _, c := range calledElsewhere(text, language) {
		if u.names[c.variable] && len(u.pending) < maxSearched/maxLine {
			u.pending = append(u.pending, pending{language, c, wanted{path: name, need: need{c.variable, c.line, c.text, true}}})
		}
	}
	return len(u.found) == len(u.names)
}

func (u *users) all() map[string]wanted {
	for _, p := range u.pending {
		if _, twice := u.found[p.need.name]; !twice && p.call.isOne(u.calls[p.language]) {
			u.found[p.need.name] = p.wanted
		}
	}
	return u.found
}
