package testset

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A scale finds assertions in masked code and weighs them.
type scale struct {
	call  searcher // an assertion
	weak  matcher  // one that says little, matched from its beginning
	empty matcher  // one that cannot fail, matched from its beginning
	// swallow is what takes an assertion's failure and does nothing; nil for none.
	// It begins where the block ends whose failures it takes.
	swallow searcher
	// chain is a call of one argument that asserts nothing unless another follows it,
	// such as expect(x); truth is one that says little when it has one argument that
	// compares nothing. Both end with their bracket.
	chain, truth *lazyregexp.Regexp
}

// reach is how far behind its beginning an assertion is looked at, in bytes.
const reach = 160

// A span is a piece of a source.
type span struct{ from, to int }

// A helper is a function of a test file that asserts and is no test: what it
// asserts is asserted by the tests that call it.
type helper struct{ asserts, weight int }

// maxHelpers bounds the helpers of one file.
const maxHelpers = 2000

// A weighing weighs the tests of one source.
type weighing struct {
	code    string      // masked
	ends    map[int]int // of its brackets
	scale   scale
	at      []int    // where its assertions are
	sums    []helper // of those before each of them, and of all
	helpers map[string]helper
	bare    bool // functions are called without brackets, as in Ruby
}

// newWeighing finds the assertions of a source, so that each is looked at once
// however many functions it stands in.
func newWeighing(code string, ends map[int]int, s scale) *weighing {
	w := &weighing{code: code, ends: ends, scale: s, sums: []helper{{}}}
	for _, at := range s.call.all(code, -1) {
		rest := code[at[0]:min(len(code), at[0]+reach)]
		sum := w.sums[len(w.sums)-1]
		switch {
		case s.empty != nil && s.empty.MatchString(rest), s.chain != nil && w.unfinished(rest, at[0]):
			continue
		case s.weak != nil && s.weak.MatchString(rest), s.truth != nil && w.mereTruth(rest, at[0]):
			sum = helper{sum.asserts + 1, sum.weight + 1}
		default:
			sum = helper{sum.asserts + 1, sum.weight + 2}
		}
		w.at, w.sums = append(w.at, at[0]), append(w.sums, sum)
	}
	return w
}

// weigh counts the assertions of a piece of the source.
func (w *weighing) weigh(body span) (asserts, weight int) {
	from, _ := slices.BinarySearch(w.at, body.from)
	to, _ := slices.BinarySearch(w.at, body.to)
	if to < from {
		return 0, 0
	}
	return w.sums[to].asserts - w.sums[from].asserts, w.sums[to].weight - w.sums[from].weight
}

// unfinished reports whether an assertion that needs another call has none.
func (w *weighing) unfinished(rest string, at int) bool {
	head := w.scale.chain.FindStringIndex(rest)
	if head == nil {
		return false
	}
	end, ok := w.ends[at+head[1]-1]
	if !ok || w.arguments(at+head[1], end) > 1 {
		return false
	}
	next := strings.TrimLeft(w.code[end+1:min(len(w.code), end+1+reach)], " \t\r\n")
	return next == "" || next[0] != '.' && next[0] != '?' && next[0] != '!'
}

var compares = lazyregexp.New(`[=!]==?|[^=]>=?\s|<=?\s|\binstanceof\b`)

func (w *weighing) mereTruth(rest string, at int) bool {
	head := w.scale.truth.FindStringIndex(rest)
	if head == nil {
		return false
	}
	end, ok := w.ends[at+head[1]-1]
	return ok && w.arguments(at+head[1], end) == 1 && !compares.MatchString(w.code[at+head[1]:min(end, at+reach)])
}

// arguments counts commas outside brackets, as far as reach goes.
func (w *weighing) arguments(from, to int) int {
	n := 1
	for i := from; i < min(to, from+2*reach); i++ {
		switch w.code[i] {
		case '(', '[', '{':
			if end, ok := w.ends[i]; ok {
				i = end
			}
		case ',':
			n++
		}
	}
	return n
}

// help takes in a function that is no test.
func (w *weighing) help(name string, body span) {
	if w.helpers == nil {
		w.helpers = make(map[string]helper)
	}
	if _, twice := w.helpers[name]; twice || len(w.helpers) >= maxHelpers || body.to <= body.from {
		return
	}
	if asserts, weight := w.weigh(body); asserts > 0 {
		w.helpers[name] = helper{asserts, weight}
	}
}

// test weighs what a test asserts, itself and by helpers.
func (w *weighing) test(t *Test, body span) {
	code := w.code[body.from:body.to]
	t.Asserts, t.Weight = w.weigh(body)
	if len(w.helpers) == 0 {
		return
	}
	for at := 0; at < len(code); at++ {
		if !wordByte(code[at]) {
			continue
		}
		from := at
		for at < len(code) && wordByte(code[at]) {
			at++
		}
		h, known := w.helpers[code[from:at]]
		if !known || code[from:at] == lastName(t.Name) || !w.bare && !calls(code[at:]) || w.counted(code[from:at]) {
			continue
		}
		t.Asserts, t.Weight = t.Asserts+h.asserts, t.Weight+h.weight
	}
}

// counted reports whether a name is one that the scale takes for an assertion.
func (w *weighing) counted(name string) bool {
	return w.scale.call.all(name+"(", 1) != nil || w.scale.call.all("self."+name+"(", 1) != nil
}

// calls reports whether what follows a name calls it.
func calls(rest string) bool {
	rest = strings.TrimLeft(rest[:min(len(rest), 10)], " ")
	return rest != "" && rest[0] == '('
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// unswallowed takes out what a handler makes meaningless: the code between a "try"
// and a handler that does nothing. ends are the brackets' ends.
func (s scale) unswallowed(code string, ends map[int]int) string {
	if s.swallow == nil {
		return code
	}
	found := s.swallow.all(code, maxHelpers)
	if found == nil {
		return code
	}
	begins := make(map[int]int, len(ends))
	for open, end := range ends {
		begins[end] = open
	}
	out, last := []byte(code), 0
	for _, at := range found {
		open, known := begins[at[0]]
		if !known || !strings.HasSuffix(strings.TrimSpace(code[max(0, open-20):open]), "try") {
			continue
		}
		for i := max(open, last); i < at[0]; i++ {
			if out[i] != '\n' && out[i] != '{' && out[i] != '}' {
				out[i] = ' '
			}
		}
		last = at[0]
	}
	return string(out)
}
