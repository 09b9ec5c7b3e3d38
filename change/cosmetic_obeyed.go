package change

import (
	"bytes"
	"strings"
)

// habits say which comments the tools of a language obey, beyond those that all
// do.
type habits uint8

const (
	loudly    habits = 1 << iota // a "!" behind the mark keeps a comment
	tagged                       // documentation holds types, in tags that may stand anywhere
	referring                    // "/// <reference …/>"
	scripted                     // SQL: migration tools, templates, substitution variables
	scheduled                    // shell: "#$" addresses a batch system
	hacked                       // CSS: "/**/" hides a property from old browsers
)

// obey reports whether a comment, with its marks, looks like one that a program
// reads. It errs on the side of yes: a comment that counts is only compared like
// code.
func (h habits) obey(text []byte) bool {
	body, block := text, false
	switch {
	case text[0] == '#':
		body = text[1:]
	case bytes.HasPrefix(text, []byte("/*")):
		body, block = text[2:len(text)-2], true
	default:
		body = text[2:]
	}
	body = bytes.TrimSuffix(body, []byte("\r"))
	return h.signed(body, block) || bytes.Contains(body, []byte("NOSONAR")) || bytes.Contains(body, []byte("-*-")) || h.addressed(body)
}

// signed knows the comments that say by their first bytes that they are more.
func (h habits) signed(body []byte, block bool) bool {
	trimmed := bytes.TrimLeft(bytes.TrimRight(body, " \t*"), " \t*/")
	if len(trimmed) == 0 {
		return h&hacked != 0 && (len(body) == 0 || string(body) == "/")
	}
	word := letter[byteAt(body, 1)] || byteAt(body, 1) == '_'
	switch body[0] {
	case '!':
		return h&loudly != 0
	case '*':
		if h&loudly != 0 && bytes.HasPrefix(bytes.TrimLeft(body, "*"), []byte("!")) {
			return true
		}
	case '#':
		return word
	case '%', '?':
		return word || byteAt(body, 1) == ' '
	case '$':
		return word || byteAt(body, 1) == '$' || h&scheduled != 0
	case '[':
		if block {
			return true // code of another language, which a plugin of the compiler reads
		}
	case '+':
		return word || byteAt(body, 1) == ' '
	case ':', '=', '~':
		return word || byteAt(body, 1) == ' ' || body[0] == ':' && byteAt(body, 1) == ':'
	case '-':
		next := byteAt(body, 1)
		return next == '{' || next == '[' || next == ':' || next == 'V' && digit(byteAt(body, 2)) || hasFold(body, "-header[") || hasFold(body, "---\n")
	case '>':
		return h&scripted != 0 || byteAt(body, 1) == '>'
	case ';':
		return h&scripted != 0
	case '/':
		if h&referring != 0 && bytes.HasPrefix(bytes.TrimLeft(body, "/ \t"), []byte("<")) {
			return true
		}
	}
	return shouted(body) || bytes.HasPrefix(bytes.TrimLeft(body, "/"), []byte("usr/bin/")) || h.trimmedSign(trimmed, block)
}

// trimmedSign knows those that may stand behind blanks.
func (h habits) trimmedSign(body []byte, block bool) bool {
	switch body[0] {
	case '#':
		return letter[byteAt(body, 1)] || byteAt(body, 1) == '_' // "#__PURE__", "#region"
	case '$':
		return letter[byteAt(body, 1)] // "$NON-NLS-1$"
	case '<':
		if h&scheduled != 0 && metadata(body[1:]) {
			return true
		}
		return h&scripted != 0 && letter[byteAt(body, 1)] || hasFold(body[1:], "auto") || hasFold(body[1:], "editor") || h&scripted != 0 && byteAt(body, 1) == '%'
	case ':':
		return h&scripted != 0 && letter[byteAt(body, 1)] || h&tagged != 0 && block // types of another language
	case '!', '+':
		return h&scripted != 0
	}
	if block && h.word(body) {
		return true
	}
	// The name of an argument, which linters compare: f(/* depth = */ 1).
	return block && letter[body[0]] && body[len(body)-1] == '=' && bytes.IndexByte(bytes.TrimRight(body, " ="), ' ') < 0
}

// metadata knows the elements by which menus and servers ask for a script's values:
// <xbar.var>, <UDF name="x">.
func metadata(text []byte) bool {
	name := text[:max(0, bytes.IndexAny(text, " >"))]
	return bytes.IndexByte(name, '.') > 0 || hasFold(name, "udf")
}

// word knows comments of one word that say how to read what stands beside them.
func (h habits) word(body []byte) bool {
	var buffer [longestName]byte
	switch string(lowered(&buffer, body[:min(len(body), longestName)])) {
	case "html", "css", "sql", "glsl", "wgsl", "svg", "graphql":
		return h&tagged != 0
	case "px", "no":
		return h&hacked != 0
	}
	return false
}

// shouted reports whether a word in capitals follows the mark without a blank:
// //NOPMD, //DEPS, #SBATCH.
func shouted(body []byte) bool {
	to := 0
	for to < len(body) && body[to] >= 'A' && body[to] <= 'Z' {
		to++
	}
	var buffer [longestName]byte
	return to > 1 && !letter[byteAt(body, to)] && !reminders[string(lowered(&buffer, body[:min(to, longestName)]))]
}

var reminders = set(`todo fixme note xxx hack see warning warn example returns return bug info important error optional default usage e.g i.e url http https ftp mailto www ok nb ps
	perf why purpose description author authors date invariant summary question answer caveat caution tip remark remarks danger deprecated idea mark attention pre post q a`)

// addressed goes through the words of a comment. The first of a line may
// address a program; a few suppress or mark something from wherever they stand.
func (h habits) addressed(body []byte) bool {
	first := true
	for i := 0; i < len(body); {
		switch b := body[i]; {
		case letter[b]:
			from := i
			for i < len(body) && toolByte[body[i]] {
				i++
			}
			if first && h.leads(body, from, i) || lurks(body, from, i) {
				return true
			}
			first = false
		case b == '\n':
			first = true
			i++
		case b == '@' && (i == 0 || !toolByte[body[i-1]]):
			to := i + 1
			for to < len(body) && toolByte[body[to]] {
				to++
			}
			if h.tag(body, i+1, to, first) {
				return true
			}
			first = false
			i = to
		case h&scripted != 0 && substituted(body[i:]), b == '=' && first && manifest(body[i+1:]):
			return true
		default:
			first = first && lineStart[b]
			i++
		}
	}
	return false
}

// toolByte are the bytes of the names of tools.
var toolByte = func() (t [256]bool) {
	t = letter
	for _, b := range []byte("0123456789_-") {
		t[b] = true
	}
	return t
}()

// lineStart are the bytes that may stand before the first word of a line.
var lineStart = func() (t [256]bool) {
	for _, b := range []byte(" \t\r*/#-;!<>[({") {
		t[b] = true
	}
	return t
}()

// substituted knows what templates and clients replace in SQL, comments included.
func substituted(text []byte) bool {
	next := byteAt(text, 1)
	switch text[0] {
	case '?':
		return true // a parameter by its place
	case '{':
		return next == '{' || next == '%' || next == '#' || next == '}' || next == ':' || letter[next] || digit(next)
	case '$':
		return next > ' '
	case '<':
		return next == '%'
	case '&':
		return letter[next] || next == '&'
	case ':':
		return letter[next] // a parameter
	case '%':
		return letter[next] || next == '('
	}
	return false
}

// manifest knows the lines "= require x" by which sources are put together.
func manifest(text []byte) bool {
	text = bytes.TrimLeft(text, " \t")
	for _, word := range [...]string{"require", "include", "link", "depend", "stub", "provide"} {
		if bytes.HasPrefix(text, []byte(word)) {
			return true
		}
	}
	return false
}

// tag knows the tags that only describe; what is none of them counts at the
// beginning of a line, and a few count anywhere.
func (h habits) tag(body []byte, from, to int, first bool) bool {
	switch {
	case from == to:
		return first // "//@ requires"
	case h&scripted != 0, byteAt(body, to) == ':':
		return true // a parameter; what a binding to another language does with one
	}
	var buffer [longestName]byte
	name := lowered(&buffer, body[from:min(to, from+longestName)])
	if describing[string(name)] {
		return h&tagged != 0 && typed(body[to:]) || h&loudly != 0 && string(name) == "copyright"
	}
	if first || h&tagged != 0 && body[0] == '*' {
		return true
	}
	for _, start := range [...]string{"lic", "preserve", "cc_on", "ts-", "jsx", "flow", "generated", "vite", "__", "suppress", "format", "jest", "vitest", "internal"} {
		if bytes.HasPrefix(name, []byte(start)) {
			return true
		}
	}
	return false
}

// typed reports whether a type stands behind a tag, or behind the name there.
func typed(text []byte) bool {
	const between = " \t\r\n*"
	text = bytes.TrimLeft(text, between)
	if len(text) == 0 || text[0] == '{' || text[0] == '[' {
		return len(text) > 0
	}
	n := bytes.IndexAny(text[:min(len(text), longestParameter)], between)
	if n < 0 {
		return false
	}
	text = bytes.TrimLeft(text[n:], between)
	return len(text) > 1 && text[0] == '{' && text[1] != '@'
}

// longestParameter bounds the name that a type is looked for behind.
const longestParameter = 200

var describing = set(`param params arg argument return returns throws throw exception raise raises see seealso since author authors version link linkplain code literal value
	example examples inheritdoc summary remarks description desc brief details detail note notes todo file sa ref copyright tparam receiver sample apinote implnote implspec
	p c em b li a n par warning attention bug`)

// leads reports whether the first word of a line addresses a program: a name
// with a colon and something right behind it, one that turns something off, or
// one of the known names.
func (h habits) leads(body []byte, from, to int) bool {
	word := body[from:to]
	if len(word) > longestName {
		return false
	}
	var buffer [longestName]byte
	name := lowered(&buffer, word)
	if byteAt(body, to) == ':' {
		after, rest := byteAt(body, to+1), bytes.TrimLeft(body[to+1:], " \t")
		known := reminders[string(name)]
		if !known && (after > ' ' && after != '/' && after != ':' || order(firstWord(rest)) || label(word)) {
			return true
		}
		if byteAt(rest, 0) == '(' && letter[byteAt(rest, 1)] && (!known || name[0] == 'r') {
			return true // what bindings to other languages do with a value
		}
	}
	if bytes.IndexByte(name, '-') > 0 && switching(name) {
		return true
	}
	follow, known := leadNames[string(name)]
	if !known {
		return h&scripted != 0 && scriptNames[string(name)]
	}
	rest := bytes.TrimLeft(body[to:], " \t")
	return len(rest) >= len(follow) && string(rest[:len(follow)]) == follow
}

// label reports whether a word is one in capitals, as test runners search for
// before a colon.
func label(word []byte) bool {
	for _, b := range word {
		if b >= 'a' && b <= 'z' {
			return false
		}
	}
	return len(word) > 1
}

// switching reports whether a part of a name with hyphens turns something on or
// off: eslint-disable, prettier-ignore, run-pass.
func switching(name []byte) bool {
	for from, i := 0, 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '-' {
			continue
		}
		switch string(name[from:i]) {
		case "disable", "enable", "ignore", "suppress", "off", "on", "skip", "expect", "expected", "run", "check", "build", "compile", "only", "needs", "lint", "format", "transaction":
			return true
		}
		from = i + 1
	}
	return false
}

// leadNames are the known names, with what has to follow.
var leadNames = func() map[string]string {
	m := map[string]string{
		"user": "CODE", "code": "generated", "node": "coverage", "lang": "=", "language": "=", "tag": "::", "end": "::", "rename": "to:", "bug": ": Diagnostic", "t": "(", "create": "above / drop below",
	}
	for name := range strings.FieldsSeq(`eslint eslint-env jshint jslint jscs tslint prettier biome oxlint dprint istanbul c8 v8 stryker resharper clang-format clang-tidy cppcheck
		coverity rustfmt clippy swiftlint swiftformat ktlint ktfmt detekt checkstyle pmd spotless stylelint csslint purgecss postcss autoprefixer sass-lint scss-lint sqlfluff
		sqlint squawk shellcheck shfmt bats global globals exported turbopackignore uncrustify astyle iwyu codeanalysis sonar parasoft polyspace prqa misra lint dotcover
		csharpier swift-tools-version sourcekit periphery jscpd cspell spellchecker spell-checker flow jsx compdef autoload critical graphql i18n rtl splint region endregion linted constcond
		deepcode flow-include translator endinject endbuild removeif endremoveif jooq swift-module-flags swift-interface-format-version`) {
		m[name] = ""
	}
	for name := range strings.FieldsSeq(`spdx-license-identifier spdx-filecopyrighttext run check xfail requires unsupported safety deprecated sourcery doctest chkconfig processname
		provides required-start required-stop default-start default-stop should-start should-stop short-description translators name openapi swagger depends
		revisions error-pattern rustc-env exec-env weaver swift-compiler-version sprite sprite-ref flawfinder rats its4 renovate xgettext flux ncrunch cargo-deps`) {
		m[name] = ":"
	}
	return m
}()

// scriptNames are those of tools that run migrations.
var scriptNames = set(`rambler postgres-migrations liquibase changeset rollback preconditions precondition-sql-check validchecksum ignorelines up down ups downs transactional go delimiter migrate
	magic command dbtitle databricks metadata meta cell fabric`)
