package testset

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// jsCall recognises a call of a runner, with the configuration that it gets.
func (c *collector) jsCall(runner string, one call, configs []*jsConfig) (*jsConfig, bool) {
	w := one.words
	base := path.Base(w[0])
	if base == "nyc" || base == "c8" { // coverage of what follows
		if at := slices.IndexFunc(w[1:], func(s string) bool { return path.Base(s) == runner }); at >= 0 {
			base, w = runner, w[at+1:]
		}
	}
	if base == "react-scripts" && len(w) > 1 && w[1] == "test" || base == "vue-cli-service" && len(w) > 1 && w[1] == "test:unit" {
		base = "jest"
	}
	if base == "node" {
		for i, word := range w[1:] {
			if strings.Contains(word, "/"+runner) {
				base, w = runner, w[i+1:]
				break
			}
		}
	}
	if base != runner || one.dir == "?" {
		return nil, false
	}
	config := jsFrom(runner, one.by, one.dir, nil)
	for _, known := range configs {
		if known.dir == one.dir {
			copied := *known
			config = &copied
		}
	}
	var filters []string
	for i := 1; i < len(w); i++ {
		switch {
		case w[i] == "--config" || w[i] == "-c":
			i++
			if i < len(w) {
				file := join(one.dir, w[i])
				if text, ok, err := c.tree.text(file); err == nil && ok {
					if named, says := c.jsConfig(runner, file, text); says {
						named.dir = one.dir
						config = named
					}
				}
			}
		case w[i] == "--testPathIgnorePatterns" || w[i] == "--exclude":
			if i++; i < len(w) {
				if re, err := regexp.Compile(strings.Trim(w[i], "*")); err == nil {
					config.exclude = append(slices.Clone(config.exclude), re)
				}
			}
		case jsValued[w[i]]:
			i++
		case strings.HasPrefix(w[i], "-"), w[i] == "run", w[i] == "watch", w[i] == "test", w[i] == "test:unit":
		case unknown(w[i]):
			c.opaque(one.by, one.line, "the command "+shown(w)+" is made of variables")
		default:
			filters = append(filters, w[i])
		}
	}
	if flagged(w, "--listTests", "--showConfig", "--dry-run") || base == "vitest" && flagged(w, "list") {
		return nil, false
	}
	config.file = firstOf(one.by, config.file)
	config = config.filtered(filters)
	config.called(c, w, one)
	return config, true
}

var jsValued = map[string]bool{"--testTimeout": true, "--maxWorkers": true, "-w": true, "--reporter": true, "--reporters": true, "-R": true, "-r": true, "--require": true, "--timeout": true, "-t": true, "--testNamePattern": true, "--grep": true, "-g": true, "--fgrep": true, "-f": true, "--shard": true, "--project": true, "--environment": true, "--env": true, "--coverageReporters": true}

// filtered keeps what the words of a command name: parts of paths; for Mocha,
// files and globs instead of the configured ones.
func (j *jsConfig) filtered(filters []string) *jsConfig {
	if len(filters) == 0 {
		return j
	}
	if j.runner == "mocha" {
		return jsFrom("mocha", j.file, j.dir, map[string][]string{"spec": filters})
	}
	var parts []string
	for _, f := range filters {
		if _, err := regexp.Compile(f); err != nil {
			f = regexp.QuoteMeta(f)
		}
		parts = append(parts, f)
	}
	copied := *j
	if re, err := regexp.Compile("(?:" + strings.Join(parts, "|") + ")"); err == nil {
		copied.only = re
	}
	return &copied
}
