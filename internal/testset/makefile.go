package testset

import (
	"path"
	"strings"
)

// makefile follows the recipes of the targets that are called, and of those they
// depend on; without a target the first.
func (c *collector) makefile(one call, depth int) error {
	dir, names, targets := one.dir, []string{"Makefile", "makefile", "GNUmakefile"}, []string{}
	if path.Base(one.words[0]) == "just" {
		names = []string{"justfile", "Justfile"}
	}
	for i := 1; i < len(one.words); i++ {
		switch w := one.words[i]; {
		case w == "-C" && i+1 < len(one.words):
			i++
			dir = folder(dir, one.words[i])
		case w == "-f" && i+1 < len(one.words):
			i++
			names = []string{one.words[i]}
		case !strings.HasPrefix(w, "-") && !strings.Contains(w, "="):
			targets = append(targets, w)
		}
	}
	if dir == "?" {
		return nil
	}
	for _, name := range names {
		text, ok, err := c.tree.text(join(dir, name))
		if err != nil {
			return err
		}
		if ok {
			one.dir, one.by = dir, join(dir, name)
			return c.recipes(text, targets, one, depth)
		}
	}
	return nil
}

func (c *collector) recipes(text string, targets []string, one call, depth int) error {
	rules, first := makeRules(text)
	if len(targets) == 0 && first != "" {
		targets = []string{first}
	}
	done := make(map[string]bool)
	for len(targets) > 0 {
		name := targets[0]
		targets = targets[1:]
		r, ok := rules[name]
		if done[name] || !ok {
			continue
		}
		done[name] = true
		targets = append(targets, r.needs...)
		one.line, one.shell = r.line, shell{}
		if err := c.follow(r.recipe, one, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// A makeRule is one target of a makefile.
type makeRule struct {
	needs  []string
	recipe string // its lines, from line on
	line   int
}

func makeRules(text string) (rules map[string]makeRule, first string) {
	rules = make(map[string]makeRule)
	var names []string
	recipes := make(map[string]*strings.Builder)
	n := 0
	for line := range strings.Lines(text) {
		n++
		body := strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(body, "\t") || strings.HasPrefix(body, "    ") || strings.TrimSpace(body) == "" {
			for _, name := range names {
				recipes[name].WriteString(strings.TrimLeft(body, "\t @-") + "\n")
			}
			continue
		}
		targets, needs, ok := strings.Cut(body, ":")
		names = nil
		if !ok || strings.HasPrefix(body, "#") || strings.HasPrefix(needs, "=") || strings.Contains(targets, "=") {
			continue
		}
		for name := range strings.FieldsSeq(targets) {
			if _, twice := rules[name]; twice || len(rules) >= maxCommands || strings.HasPrefix(name, ".") {
				continue
			}
			if first == "" {
				first = name
			}
			names = append(names, name)
			recipes[name] = new(strings.Builder)
			rules[name] = makeRule{needs: strings.Fields(needs), line: n + 1}
			break // what several targets share is theirs in any case
		}
	}
	for name, r := range rules {
		r.recipe = recipes[name].String()
		rules[name] = r
	}
	return rules, first
}
