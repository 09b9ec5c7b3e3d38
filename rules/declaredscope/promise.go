package declaredscope

import (
	"slices"
	"strings"
	"unicode"
)

// maxSubject is how much of a title or subject is read; a promise stands at
// its beginning.
const maxSubject = 1000

// verbs begin sentences that announce a text and nothing else. Words that also
// announce work on code ("review", "investigate", "check") are not among them.
var verbs = []string{
	"document", "documents", "documented", "documenting",
	"analyze", "analyse", "analyzed", "analysed", "analyzing", "analysing",
	"audit", "audited", "auditing",
}

// nouns promise a text when the whole title is about one: "Audit report for …",
// "Analysis: …".
var nouns = []string{"analysis", "report", "audit", "documentation", "worklog"}

// wordsOnly returns the part of a title or subject that promises only words,
// "" when it promises more or nothing.
func wordsOnly(title string, types []string) string {
	title = withoutShouting(title[:min(len(title), maxSubject)])
	if kind, ok := conventional(title); ok {
		if slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, kind) }) {
			return kind
		}
		return "" // any other type says that it is more than words
	}
	first := strings.ToLower(firstWord(title))
	if slices.Contains(verbs, first) || slices.Contains(nouns, first) {
		return firstWord(title)
	}
	return ""
}

// withoutShouting strips what stands in front of the sentence: emoji, tags in
// brackets, and labels in capitals that end in a colon ("EMERGENCY: ").
func withoutShouting(title string) string {
	for {
		trimmed := strings.TrimLeftFunc(title, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsSymbol(r) || r == '\uFE0F' || r == '\u200D' || r == '#' || r == '*'
		})
		if head, rest, ok := strings.Cut(trimmed, ":"); ok && shouted(head) {
			trimmed = rest
		}
		if trimmed == title {
			return title
		}
		title = trimmed
	}
}

// shouted reports whether a label is written in capitals and is no
// conventional type.
func shouted(label string) bool {
	letters := 0
	for _, r := range label {
		switch {
		case unicode.IsLower(r):
			return false
		case unicode.IsUpper(r):
			letters++
		case r != ' ' && r != '-' && r != '_' && !unicode.IsDigit(r):
			return false
		}
	}
	return letters > 1 && !slices.Contains(defaultTypes, strings.ToLower(label))
}

// conventional reads the type of "type(scope)!: description" and of
// "[type] description".
func conventional(title string) (string, bool) {
	if rest, ok := strings.CutPrefix(title, "["); ok {
		kind, _, closed := strings.Cut(rest, "]")
		return kind, closed && word(kind)
	}
	head, _, ok := strings.Cut(title, ":")
	if !ok {
		return "", false
	}
	head = strings.TrimSuffix(head, "!")
	if at := strings.IndexByte(head, '('); at > 0 && strings.HasSuffix(head, ")") {
		head = head[:at]
	}
	return head, word(head)
}

// word reports whether s is one word of letters and hyphens.
func word(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '_' })
}

func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		return s
	}
	return s[:end]
}
