package manifest

import (
	"slices"
	"strings"
)

// A pipOption is one option of a requirements file.
type pipOption struct{ name, value string }

// pipOptions are the long options that pip reads in a requirements file; true
// for those that take a value. pip accepts any unambiguous beginning of one.
var pipOptions = map[string]bool{
	"index-url": true, "pypi-url": true, "extra-index-url": true, "no-index": false, "constraint": true, "requirement": true,
	"editable": true, "find-links": true, "no-binary": true, "only-binary": true, "prefer-binary": false,
	"require-hashes": false, "pre": false, "all-releases": true, "only-final": true, "trusted-host": true, "use-feature": true,
	"always-unzip": false, "global-option": true, "install-option": true, "hash": true, "config-settings": true, "config-setting": true,
}

// pipShort are the options of one letter; their value may follow without a
// blank.
var pipShort = map[byte]string{
	'i': "index-url", 'c': "constraint", 'r': "requirement", 'e': "editable", 'f': "find-links", 'C': "config-settings", 'Z': "always-unzip",
}

// cutOptions splits a logical line where its options begin: at the first
// blank-separated word that starts with a hyphen.
func cutOptions(line string) (requirement, options string) {
	if strings.HasPrefix(line, "-") {
		return "", line
	}
	if i := strings.Index(line, " -"); i >= 0 {
		return strings.TrimSpace(line[:i]), line[i+1:]
	}
	return line, ""
}

// parseOptions reads options as pip's command line does.
func parseOptions(text string) ([]pipOption, string) {
	words, ok := shellWords(text)
	if !ok {
		return nil, "unclosed quotation"
	}
	var list []pipOption
	for len(words) > 0 {
		o, rest, reason := nextOption(words)
		if reason != "" {
			return nil, reason
		}
		list, words = append(list, o), rest
	}
	return list, ""
}

// nextOption takes one option off the words. An argument that stands alone is
// dropped by pip and read by others, so it is an error.
func nextOption(words []string) (o pipOption, rest []string, reason string) {
	w := words[0]
	rest = words[1:]
	glued := false
	switch {
	case strings.HasPrefix(w, "--") && len(w) > 2:
		o.name, o.value, glued = strings.Cut(w[2:], "=")
		if o.name = longOption(o.name); o.name == "" {
			return o, nil, "unknown option " + quote(w)
		}
	case len(w) > 1 && w[0] == '-' && pipShort[w[1]] != "":
		o.name, o.value = pipShort[w[1]], w[2:]
		glued = o.value != ""
	case w == "" || w[0] != '-':
		return o, nil, "unexpected " + quote(w) + " after options"
	default:
		return o, nil, "unknown option " + quote(w)
	}
	switch takes := pipOptions[o.name]; {
	case takes && !glued && len(rest) == 0:
		return o, nil, "option --" + o.name + " without a value"
	case takes && !glued:
		o.value, rest = rest[0], rest[1:]
	case !takes && glued:
		return o, nil, "option --" + o.name + " takes no value"
	}
	return canonicalOption(o), rest, ""
}

// canonicalOption gives aliases one name, so that a change of spelling is none.
func canonicalOption(o pipOption) pipOption {
	switch o.name {
	case "pypi-url":
		o.name = "index-url"
	case "config-setting":
		o.name = "config-settings"
	}
	return o
}

// longOption completes an abbreviation; "" when it is none or ambiguous.
func longOption(name string) string {
	if _, ok := pipOptions[name]; ok {
		return name
	}
	var fit []string
	for o := range pipOptions {
		if name != "" && strings.HasPrefix(o, name) {
			fit = append(fit, o)
		}
	}
	slices.Sort(fit)
	switch {
	case len(fit) == 1, len(fit) == 2 && fit[1] == fit[0]+"s":
		return fit[0]
	}
	return ""
}

// shellWords splits like a POSIX shell, quotes and backslashes included.
func shellWords(s string) ([]string, bool) {
	var words []string
	var word strings.Builder
	open, quoted := false, byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted == '\'' && c != '\'', quoted == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quoted != 0 && c == quoted:
			quoted = 0
		case c == '\\':
			if i++; i == len(s) {
				return nil, false
			}
			if quoted == '"' && s[i] != '"' && s[i] != '\\' {
				word.WriteByte('\\')
			}
			word.WriteByte(s[i])
			open = true
		case c == '\'' || c == '"':
			quoted, open = c, true
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words, quoted == 0
}
