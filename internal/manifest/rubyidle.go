package manifest

// gemspecIdleFields are those of a description that say nothing about other gems.
var gemspecIdleFields = wordSet(`name version summary description author authors email homepage license licenses metadata date bindir executables require_path require_paths
	files test_files extra_rdoc_files rdoc_options has_rdoc post_install_message required_ruby_version`)

// gemspecIdleWords may stand in their values.
var gemspecIdleWords = wordSet("true false nil Dir File glob join basename freeze")

// gemspecIdle marks the fields that get plain values.
func gemspecIdle(tokens []codeToken) {
	d := newIdling(rubyCode, gemspecIdleWords)
	for _, all := range rubyStatements(tokens) {
		if s := withoutParameters(all); gemspecIdleField(d, s) {
			d.maybe(s)
		} else {
			d.counts(all)
		}
	}
	d.settle()
}

// gemspecIdleField reads "spec.summary = …" and "spec.metadata['a'] = …".
func gemspecIdleField(d *idling, s []codeToken) bool {
	if len(s) < 5 || s[0].kind != codeWord || constant(s[0].text) || !s[1].is(".") || s[2].kind != codeWord || !gemspecIdleFields[s[2].text] {
		return false
	}
	value := s[3:]
	if value[0].is("[") && value[0].span == 2 && s[2].text == "metadata" && value[1].literal() {
		value = value[3:]
	}
	if len(value) < 2 || !value[0].is("=") || value[1].is("=") || value[1].is("~") {
		return false
	}
	return d.tame(value[1:])
}
