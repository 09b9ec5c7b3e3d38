package declaredscope

import "slices"

// besideWords reports whether a sentence that begins as one about words names
// tests or scripts that come with them: "add the audit report and reproduction
// tests". What such words describe, as in "update the guide for unit and
// integration tests", comes with nothing.
func besideWords(sentence string) bool {
	w := words(sentence)
	if len(w) == 0 || !slices.Contains([]string{"add", "adds", "added", "update", "updates", "updated", "create", "creates", "complete"}, w[0]) {
		return false
	}
	for i, word := range w[1:] {
		if word == "and" {
			return made(w[i+2:])
		}
		if slices.Contains([]string{"for", "of", "about", "on", "to", "from", "in", "how", "with", ":"}, word) {
			return false
		}
	}
	return false
}

// made reports whether a phrase is what somebody made that is no text: its noun is
// the last word before what it is for.
func made(phrase []string) bool {
	if at := slices.Index(phrase, "for"); at >= 0 {
		phrase = phrase[:at]
	}
	if len(phrase) == 0 || len(phrase) > 5 {
		return false
	}
	last := phrase[len(phrase)-1]
	if (last == "updates" || last == "changes") && len(phrase) > 1 {
		last = phrase[len(phrase)-2] // "script updates"
	}
	return slices.Contains([]string{"test", "tests", "script", "scripts"}, last) || last == "fixes" && len(phrase) <= 2
}
