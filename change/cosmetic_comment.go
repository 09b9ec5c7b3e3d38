package change

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// obeyed reports whether a comment, without its mark, looks like one that a
// program reads. It errs on the side of yes: a comment that counts is only
// compared like code.
//
// Most such comments say so with their first word, "type: ignore",
// "go:build linux", also behind another comment mark on the same line; a few
// suppress a finding from wherever they stand.
func obeyed(text []byte) bool {
	if len(text) > 0 && text[0] == '|' || hasMarkup(text) {
		return true // a directive of a notebook's cell begins with "|"
	}
	first := true
	for i := 0; i < len(text); {
		b := text[i]
		switch {
		case letter[b]:
			word := i
			for i < len(text) && letter[text[i]] {
				i++
			}
			if first && leads(text, word, i) || buried(text, word, i) {
				return true
			}
			first = false
		case b == ' ' || b == '\t' || b == '*' && first:
			i++
		case b == '#' || b == '\n' || b == '/' && i > 0 && text[i-1] == '/':
			first = true
			i++
		case first && signals(text[i:]):
			return true
		default:
			first = false
			i++
		}
	}
	return false
}

// markup counts wherever it stands: a suppression that tools find even within a
// word, what templates fill in when a project is made from them, and settings of
// editors.
var markup = [...]string{"NOSONAR", "{{", "}}", "{%", "%}", "{#", "#}", "<%", "%>", "-*-", "<codecell>"}

var markupStarts = func() (t [256]bool) {
	for _, m := range markup {
		t[m[0]] = true
	}
	return t
}()

func hasMarkup(text []byte) bool {
	for i, b := range text {
		if !markupStarts[b] {
			continue
		}
		for _, m := range markup {
			if m[0] == b && len(text)-i >= len(m) && string(text[i:i+len(m)]) == m {
				return true
			}
		}
	}
	return false
}

var letter = func() (t [256]bool) {
	for b := range t {
		t[b] = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
	}
	return t
}()

// signals reports whether a comment begins with a sign that programs look for:
// markers of Kubernetes and Swagger generators, commands and cells of notebooks.
func signals(text []byte) bool {
	switch text[0] {
	case '!', '%', '@', '?':
		return len(text) > 1 && text[1] > ' '
	case '+':
		return true
	case '-':
		return len(bytes.TrimSpace(text)) == 1
	}
	return false
}

// leads reports whether the first word of a comment addresses a program: a name
// with a colon and something right behind it or an order, a name that ends in an
// order, or one of the known names.
func leads(text []byte, from, to int) bool {
	at := to
	for at < len(text) && (letter[text[at]] || text[at] >= '0' && text[at] <= '9' || strings.IndexByte("-_.", text[at]) >= 0) {
		at++
	}
	if bytes.ContainsAny(text[to:at], "-_") && slices.ContainsFunc(bytes.FieldsFunc(text[to:at], notLetter), order) {
		return true
	}
	if at+1 < len(text) && text[at] == ':' && !reminder(text[from:to]) {
		if text[at+1] > ' ' && text[at+1] != '/' && text[at+1] != ':' || order(firstWord(bytes.TrimLeft(text[at+1:], " \t"))) || label(text[from:at]) {
			return true
		}
	}
	var buffer [longestWord]byte
	follow := leadWords[string(lower(&buffer, text[from:to]))]
	switch follow {
	case "":
		return false
	case "any":
		return true
	case "alone":
		return len(bytes.TrimSpace(text[:from])) == 0 && len(bytes.TrimSpace(text[to:])) == 0
	case "quoted":
		next := bytes.TrimLeft(text[to:], " \t")
		return len(next) > 0 && (next[0] == '"' || next[0] == '`')
	case ":":
		return bytes.HasPrefix(bytes.TrimLeft(text[at:], " \t"), []byte(":")) || at > to && bytes.IndexByte(text[to:at], '-') == 0
	default:
		return bytes.HasPrefix(bytes.TrimLeft(text[to:], " \t"), []byte(follow))
	}
}

// reminder knows the words that people put before a colon without a blank.
func reminder(word []byte) bool {
	var buffer [longestName]byte
	return len(word) <= longestName && reminders[string(lowered(&buffer, word))]
}

// order knows the words by which tools are told to look away. No list of tools
// is complete, but they are all told in these.
func order(word []byte) bool {
	var buffer [longestWord]byte
	switch string(lower(&buffer, word)) {
	case "ignore", "ignored", "disable", "disabled", "enable", "enabled", "skip", "suppress", "off", "on", "no", "allow", "allowlist", "exclude", "expect", "nowarn":
		return true
	}
	return false
}

func firstWord(text []byte) []byte {
	to := 0
	for to < len(text) && letter[text[to]] {
		to++
	}
	return text[:to]
}

func notLetter(r rune) bool { return r >= utf8.RuneSelf || !letter[r] }

// leadWords are the known names, with what has to follow.
var leadWords = func() map[string]string {
	m := map[string]string{
		"code": "generated", "keep": "alone", "enum": "(", "errorcheck": "any", "magic": "any", "command": "any", "dbtitle": "any", "databricks": "notebook", "in": "[", "sourcery": "any", "deepcode": "any", "static": "analysis:",
		"lint": "any", "want": "quoted", "error": "quoted", "fabric": "notebook", "meta": "{", "metadata": "**", "cell": "**", "markdown": "**", "parameters": "**",
	}
	for name := range strings.FieldsSeq(`doctest deprecated requirements type mypy dmypy ty pyre pylint ruff fmt isort flake8 pyright basedpyright pyrefly zuban cython yapf autopep8 pytype
		bandit semgrep black coverage pyupgrade autoflake unimport docformatter pylama pycodestyle pydocstyle pyflakes fixit refurb deptry pants
		codespell cspell spell distutils jupytext streamlit nuitka vulture spdx pytest hypothesis revive staticcheck swagger openapi golangci vim vi renovate flux`) {
		m[strings.TrimRight(name, "0123456789")] = ":"
	}
	return m
}()

// buried reports whether a word suppresses or marks something from the middle
// of a comment.
func buried(text []byte, from, to int) bool {
	if !buriedStarts[text[from]|0x20] || to-from == 1 {
		return false
	}
	if phrased(text, from, to) {
		return true
	}
	if to-from < shortestBuried {
		return false
	}
	// Some tools take what begins like their word.
	var buffer [longestWord]byte
	word := lower(&buffer, text[from:min(to, from+longestWord)])
	if buriedWords[string(word)] {
		return true
	}
	for _, start := range [...]string{"noqa", "nosec", "nolint", "pragma"} {
		if word[0] == start[0] && bytes.HasPrefix(word, []byte(start)) {
			return true
		}
	}
	return false
}

var buriedWords = set(`noqa nosec nolint nosonar nosemgrep nopep nopycln nocover nosecret noinspection nobreak pragma pylint isort mypy pyright lgtm codeql gitleaks trufflehog ggignore checkov tfsec skipcq airflow`)

const shortestBuried = len("noqa")

var buriedStarts = func() (t [256]bool) {
	for word := range buriedWords {
		t[word[0]] = true
	}
	for _, b := range []byte("dlrv") {
		t[b] = true // those of phrases
	}
	return t
}()

// phrased knows what is obeyed in the middle of a comment and is more than a
// word: a mark of generated code, settings of editors, and where tools write the
// number of a release.
func phrased(text []byte, from, to int) bool {
	switch to - from {
	case len("do"):
		return hasFold(text[from:], "do not edit") || byteAt(text, to) == ':' && hasFold(text[from:], "vi")
	case len("vim"):
		return hasFold(text[from:], "vim") && (byteAt(text, to) == ':' || digit(byteAt(text, to)))
	case len("local"):
		return hasFold(text[from:], "local variables:")
	case len("release"):
		return hasFold(text[from:], "release-please")
	}
	return false
}

// longestWord is the length of the longest word that is looked up, and more.
const longestWord = 16

// lower writes the letters of a short word in lower case; of a longer one
// nothing is left, since none is known.
func lower(buffer *[longestWord]byte, word []byte) []byte {
	if len(word) > len(buffer) {
		return nil
	}
	for i, b := range word {
		buffer[i] = b | 0x20
	}
	return buffer[:len(word)]
}
