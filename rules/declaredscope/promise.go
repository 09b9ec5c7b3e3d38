package declaredscope

import (
	"slices"
	"strings"
	"unicode"
)

// maxSubject is how many bytes of a title or subject are read; a promise stands
// at its beginning.
const maxSubject = 1000

// wordsOnly returns the part of a title or subject that promises only words, ""
// when it promises more or nothing.
//
// What stands in front of the sentence is taken off piece by piece: emoji, tags
// in brackets, numbers of tickets, labels that end in a colon. A conventional
// type among them decides: one of the given types is the promise, any other says
// that it is more than words.
func wordsOnly(title string, types []string) string {
	s := sentence{text: title[:min(len(title), maxSubject)], types: types}
	for {
		s.text = strings.TrimLeftFunc(s.text, isMark)
		if promise, decided := s.prefix(); decided {
			return promise
		}
		if !s.cut {
			return s.promise()
		}
	}
}

// A sentence is what is left of a title while its prefixes come off.
type sentence struct {
	text  string
	types []string
	// area says that a label stood in front that may name a part of the program:
	// "lexer: analyze captures" says what the code does.
	area bool
	cut  bool // the last call of prefix took something off
}

// isMark is what decorates a title: blanks, emoji, the marks of Markdown.
func isMark(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsSymbol(r) || strings.ContainsRune("\uFE0F\u200D#*_>~\"'“”", r)
}

// prefix takes one prefix off, or decides.
func (s *sentence) prefix() (promise string, decided bool) {
	s.cut = false
	if tag, rest, ok := bracketed(s.text); ok {
		return s.label(tag, rest, true)
	}
	if rest, ok := ticket(s.text); ok {
		s.text, s.cut = rest, true
		return "", false
	}
	head, rest, ok := strings.Cut(s.text, ":")
	if !ok || strings.TrimSpace(head) == "" && rest == "" {
		return "", false
	}
	if code, rest, ok := strings.Cut(rest, ":"); head == "" && ok && isWord(code) { // :memo:
		s.text, s.cut = rest, true
		return "", false
	}
	return s.label(head, rest, false)
}

// label judges "type(scope)!", "[type]" or any other label.
func (s *sentence) label(head, rest string, tag bool) (promise string, decided bool) {
	kind := typeOf(head)
	first := strings.ToLower(firstWord(head))
	switch {
	case isWord(kind) && besideWords(rest) && slices.Contains(defaultTypes, strings.ToLower(kind)):
		return "", true
	case isWord(kind) && slices.ContainsFunc(s.types, func(t string) bool { return strings.EqualFold(t, kind) }):
		return kind, true
	case isWord(kind) && otherTypes[strings.ToLower(kind)], !tag && work()[first] != "":
		return "", true
	case !tag && aboutText(head, rest):
		return strings.TrimSpace(head), true
	case !tag && (!strings.HasPrefix(rest, " ") || len(words(head)) > maxLabel):
		return "", false
	}
	s.area = s.area || !tag && !shouted(head) && !notes[first]
	s.text, s.cut = rest, true
	return "", false
}

// aboutText reports whether a label names a text: "README: …", "Audit report: …".
// A report in front of a verb is a feature: "Reports: fix the totals".
func aboutText(head, rest string) bool {
	w := words(head)
	if len(w) == 1 && slices.Contains(defaultTypes, w[0]) {
		return false // the policy has types of its own, and it is none of them
	}
	if len(w) == 1 && documentNouns[w[0]] {
		return true
	}
	_, whole := textPhrase(w)
	return whole && !shouted(head) && work()[strings.ToLower(firstWord(strings.TrimSpace(rest)))] == ""
}

// maxLabel is how many words a label has at most.
const maxLabel = 4

// bracketed splits "[tag] rest".
func bracketed(s string) (tag, rest string, ok bool) {
	inner, ok := strings.CutPrefix(s, "[")
	if !ok {
		return "", s, false
	}
	return strings.Cut(inner, "]")
}

// ticket takes off "ABC-123", "#123" (whose mark is gone already) and what
// git's autosquash writes.
func ticket(s string) (rest string, ok bool) {
	for _, prefix := range []string{"fixup! ", "squash! ", "amend! "} {
		if rest, ok = strings.CutPrefix(s, prefix); ok {
			return rest, true
		}
	}
	letters := strings.TrimLeftFunc(s, unicode.IsUpper)
	number := strings.TrimPrefix(letters, "-")
	if len(letters) < len(s) && number == letters {
		return s, false
	}
	rest = strings.TrimLeft(number, "0123456789")
	if rest == number || rest == "" || !strings.ContainsRune(" :)-–—|", []rune(rest)[0]) {
		return s, false
	}
	return strings.TrimLeft(rest, " :)-–—|"), true
}

// shouted reports whether a label is written in capitals: "EMERGENCY".
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
	return letters > 1
}

// typeOf reads the type of "type(scope)!".
func typeOf(head string) string {
	head = strings.TrimSuffix(strings.Trim(head, " *_`"), "!")
	if at := strings.IndexByte(head, '('); at > 0 && strings.HasSuffix(head, ")") {
		head = head[:at]
	}
	return head
}

// isWord reports whether s is one word of letters and hyphens.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '_' })
}

func firstWord(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		return s
	}
	return s[:end]
}

// words are the words of a text in lower case. A mark that ends a phrase is a
// word of its own.
func words(s string) []string {
	var list []string
	for w := range strings.FieldsSeq(strings.ToLower(s)) {
		bare := strings.TrimRight(w, ",;:.!?)")
		if bare = strings.TrimLeft(bare, "(`*_\""); bare != "" {
			list = append(list, strings.TrimRight(bare, "`*_\""))
		}
		if end := w[len(w)-1]; strings.IndexByte(",;:", end) >= 0 {
			list = append(list, string(end))
		}
	}
	return list
}
