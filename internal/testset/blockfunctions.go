package testset

// Functions of Java and C# begin with a type, whose angle brackets may be anywhere;
// they are read by hand, since an expression would go to the end of the text for
// each of them.

// A typedFunctions finds functions; its groups are the name.
type typedFunctions struct {
	types  func(word string) bool
	quoted bool // a name may be a text
	angled func(word string) bool
	// parameters are those in angle brackets behind a name.
	parameters bool
}

var (
	javaFunctions = typedFunctions{
		types:  func(w string) bool { return w == "void" || w == "fun" || w == "def" || w[0] >= 'A' && w[0] <= 'Z' },
		angled: func(w string) bool { return w[0] >= 'A' && w[0] <= 'Z' }, quoted: true,
	}
	csharpFunctions = typedFunctions{
		types:  func(w string) bool { return w == "void" || w == "Task" || w == "ValueTask" },
		angled: func(string) bool { return true }, parameters: true,
	}
)

func (f typedFunctions) all(code string, n int) (found [][]int) {
	r := &functionReader{typedFunctions: f, code: code, first: seek(code, '>'), second: seek(code, '>'), text: seek(code, '"'), quote: seek(code, '`'), failed: -1}
	for at := 0; at < len(code) && (n < 0 || len(found) < n); {
		if !asciiWord(code[at]) {
			at++
			continue
		}
		end := wordEnd(code, at)
		if at > 0 && asciiWord(code[at-1]) || !f.types(code[at:end]) {
			at = end
			continue
		}
		if name, to, ok := r.function(code[at:end], end); ok {
			found = append(found, []int{at, to, name.from, name.to})
			end = to
		}
		at = end
	}
	return found
}

// A functionReader reads functions behind their types.
type functionReader struct {
	typedFunctions
	code                       string
	first, second, text, quote seeker
	failed                     int // the end of a type that no function follows
}

func (r *functionReader) function(kind string, at int) (name span, to int, ok bool) {
	angle := -1
	if at < len(r.code) && r.code[at] == '<' && r.angled(kind) {
		if angle = r.first.next(at + 1); angle == len(r.code) || angle == r.failed {
			return name, 0, false
		}
		at = angle + 1
	}
	if name, to, ok = r.named(at); !ok && angle >= 0 {
		r.failed = angle
	}
	return name, to, ok
}

// named reads a name behind blanks, and the bracket behind it.
func (r *functionReader) named(at int) (name span, to int, ok bool) {
	from := pastBlanks(r.code, at)
	if from == at || from == len(r.code) {
		return name, 0, false
	}
	end := wordEnd(r.code, from)
	switch c := r.code[from]; {
	case r.quoted && c == '"':
		end = min(len(r.code), r.text.next(from+1)+1)
	case r.quoted && c == '`':
		end = min(len(r.code), r.quote.next(from+1)+1)
	case end == from:
		return name, 0, false
	}
	open := pastBlanks(r.code, end)
	if r.parameters && open < len(r.code) && r.code[open] == '<' {
		open = r.second.next(open+1) + 1
	}
	if open >= len(r.code) || r.code[open] != '(' {
		return name, 0, false
	}
	return span{from, end}, open + 1, true
}
