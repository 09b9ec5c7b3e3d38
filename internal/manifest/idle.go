package manifest

import "strings"

// Most of a build file has no say in which packages are asked for: the version of the
// project itself, options of compilers, tasks. A statement of it is idle where all of
// this holds; everything else counts, known or not.
//
//   - It begins with one of the names that are known to configure something else, and
//     every other word in it is one of a list of words without such power: nothing
//     that evaluates text, calls by a name that is made up at run time, reaches into
//     configurations or settings, decides or repeats.
//   - Its texts are plain, or only such words are put into them, and none is called.
//   - No name that gets a value in it is spoken of by a statement that counts.
//
// The lists are the argument: a word belongs there only when somebody can say why it
// cannot change what is asked for.

// An idling sorts the statements of one program.
type idling struct {
	maybes []idleStatement
	giving map[string][]int // the statements that give a name its value
	used   map[string]bool  // names that statements which count speak of
	todo   []string
	quiet  map[string]bool // words that have no such power
	puts   string
}

// An idleStatement is idle unless a name that it gives is used.
type idleStatement struct {
	words []codeToken
	busy  bool
}

func newIdling(language *codeLanguage, quiet map[string]bool) *idling {
	return &idling{giving: make(map[string][]int), used: make(map[string]bool), quiet: quiet, puts: language.puts}
}

// maybe adds a statement that is idle as far as its own words go.
func (d *idling) maybe(s []codeToken) {
	n := len(d.maybes)
	d.maybes = append(d.maybes, idleStatement{words: s})
	for i := range s {
		if t := &s[i]; t.kind == codeWord && givesValue(s, i) {
			d.giving[t.text] = append(d.giving[t.text], n)
		}
	}
}

// givesValue reports whether a name is one with a value behind it.
func givesValue(s []codeToken, i int) bool {
	return i+1 < len(s) && !s[i].label && (s[i+1].is("=") || s[i+1].kind == codeText || s[i+1].is("(") && idleFields[s[i].text])
}

// counts adds the names in a statement that has a say.
func (d *idling) counts(s []codeToken) {
	for i := range s {
		switch t := &s[i]; {
		case t.label:
		case t.kind == codeWord && !(idleFields[t.text] && fieldName(s, i)):
			d.use(t.text)
		case t.kind == codeText && !t.plain:
			for _, name := range wordsIn(t.text) {
				d.use(name)
			}
		}
	}
}

// idleFields are names of fields as often as of variables.
var idleFields = wordSet("version group name description id url classifier artifact")

// fieldName reports whether a word is the name of a field, and no variable: a value
// stands behind it, and no dot before it.
func fieldName(s []codeToken, i int) bool {
	if i > 0 && s[i-1].is(".") && (i < 2 || !s[i-2].is(")")) {
		return false
	}
	return s[i].label || i+1 < len(s) && (s[i+1].kind == codeText || s[i+1].is(":") || s[i+1].is("=") || s[i+1].is("(") || s[i+1].is("{"))
}

func wordsIn(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r < 0x80 && !isAlnum(byte(r)) && r != '_' && r != '@' })
}

func (d *idling) use(name string) {
	if !d.used[name] {
		d.used[name] = true
		d.todo = append(d.todo, name)
	}
}

// settle lets those statements count that give a name which is used, and all that
// they speak of, and marks the others.
func (d *idling) settle() {
	for len(d.todo) > 0 {
		name := d.todo[len(d.todo)-1]
		d.todo = d.todo[:len(d.todo)-1]
		for _, n := range d.giving[name] {
			if m := &d.maybes[n]; !m.busy {
				m.busy = true
				d.counts(m.words)
			}
		}
	}
	for _, m := range d.maybes {
		for i := range m.words {
			m.words[i].idle = !m.busy
		}
	}
}

// tame reports whether words have no such power.
func (d *idling) tame(s []codeToken) bool {
	for i := range s {
		t := &s[i]
		switch {
		case t.read || t.loud:
			return false
		case t.kind == codeWord && !d.quiet[t.text] && !constant(t.text):
			return false
		case t.kind == codeText && !d.tameText(s, i):
			return false
		case t.kind == codeMark && !strings.Contains("()[]{},.:=+-<>|", t.text):
			return false
		}
	}
	return true
}

// constant reports whether a word is a number, or written like one of the values of
// an enumeration.
func constant(word string) bool {
	if word == "" || isDigits(word[:1]) {
		return word != ""
	}
	for i := range len(word) {
		if c := word[i]; c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(word) > 1
}

// tameText reports whether a text is one, and neither called nor run.
func (d *idling) tameText(s []codeToken, i int) bool {
	t := &s[i]
	if t.mark != '"' && t.mark != '\'' && t.mark != ']' && t.mark != ')' || t.line != t.end || i > 0 && s[i-1].is(".") {
		return false
	}
	if i+1 < len(s) && (s[i+1].is("(") || s[i+1].is("{") || s[i+1].kind == codeText || s[i+1].kind == codeWord && !s[i+1].label) {
		return false
	}
	if t.plain {
		return true
	}
	for text := t.text; ; {
		before, rest, ok := strings.Cut(text, "$")
		switch {
		case d.puts != "$":
			return !strings.Contains(t.text, "#") && !strings.Contains(t.text, d.puts)
		case !ok:
			return true
		case strings.HasSuffix(before, `\`):
			text = rest
			continue
		}
		name, behind := nameAt(rest)
		for part := range strings.SplitSeq(name, ".") {
			if !d.quiet[part] {
				return false
			}
		}
		text = behind
	}
}
