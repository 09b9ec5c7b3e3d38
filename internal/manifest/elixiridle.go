package manifest

import "strings"

// mixIdleKeys are keys of a project that say nothing about other packages.
var mixIdleKeys = wordSet(`app version elixir name description start_permanent test_coverage preferred_cli_env docs package source_url homepage_url elixirc_options erlc_options
	test_paths test_pattern consolidate_protocols build_embedded`)

// mixIdleFunctions are those whose lists say nothing about them either.
var mixIdleFunctions = wordSet("application package description docs")

// mixIdleWords may stand in their values.
var mixIdleWords = wordSet("true false nil Mix env package description docs Logger")

// mixIdle marks plain values of keys and functions that have no say.
func mixIdle(tokens []codeToken) {
	d := newIdling(elixirCode, mixIdleWords)
	statements := codeStatements(tokens)
	for i, s := range statements {
		function := ""
		if i > 0 && i+1 < len(statements) && len(statements[i+1]) == 1 && statements[i+1][0].word("end") {
			function = mixFunction(statements[i-1])
		}
		list, isList := inBrackets(s, "[")
		switch {
		case function == "project" && isList:
			mixIdleEntries(d, list)
		case mixIdleFunctions[function] && mixTame(d, s):
			d.maybe(s)
		case len(s) == 2 && s[0].kind == codeWord && s[0].text == "@version" && s[1].literal():
			d.maybe(s)
		default:
			d.counts(s)
		}
	}
	d.settle()
}

// mixFunction is the name in "def name do".
func mixFunction(s []codeToken) string {
	if len(s) == 5 && s[2].is("(") && s[3].is(")") {
		s = []codeToken{s[0], s[1], s[4]}
	}
	if len(s) == 3 && (s[0].word("def") || s[0].word("defp")) && s[1].kind == codeWord && s[2].word("do") {
		return s[1].text
	}
	return ""
}

// mixIdleEntries sorts the entries of the project, with the commas behind them.
func mixIdleEntries(d *idling, list []codeToken) {
	for from, i := 0, 0; i <= len(list); i++ {
		if i < len(list) && !list[i].is(",") {
			i += list[i].span
			continue
		}
		entry := trimEnds(list[from:i])
		if len(entry) > 1 && entry[0].kind == codeWord && entry[0].label && mixIdleKeys[entry[0].text] && mixTame(d, entry[1:]) {
			d.maybe(list[from:min(i+1, len(list))])
		} else {
			d.counts(entry)
		}
		from = i + 1
	}
}

// mixTame: a name of the lists of packages, however it is written, is none of it.
func mixTame(d *idling, s []codeToken) bool {
	for i := range s {
		t := &s[i]
		if strings.Contains(t.text, "deps") {
			return false
		}
		if t.kind == codeWord && (t.label || t.text == "@version") {
			continue
		}
		if t.kind == codeWord && t.text != "" && t.text[0] >= 'A' && t.text[0] <= 'Z' && (i+1 == len(s) || !s[i+1].is("(")) && (i+2 >= len(s) || !s[i+1].is(".") || t.text == "Mix" || isUpper(s[i+2].text)) {
			continue // the name of a module, of which nothing is called
		}
		if !d.tame(s[i:i+1]) || t.kind == codeText && !d.tameText(s, i) {
			return false
		}
	}
	return true
}

func isUpper(s string) bool { return s != "" && s[0] >= 'A' && s[0] <= 'Z' }
