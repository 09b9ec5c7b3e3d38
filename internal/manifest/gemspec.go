package manifest

import (
	"slices"
	"strings"
)

// gemspecFormat is that of the descriptions of gems.
var gemspecFormat = Format{
	Name: "gemspec", Ecosystem: Gem, is: func(p place) bool { return p.ext == ".gemspec" }, Parse: parseGemspec,
	Locks:      []string{"Gemfile.lock", "gems.locked"},
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, LockfileDrift, LifecycleScript},
}

// gemspecCalls are those that ask for a gem, with the group of each.
var gemspecCalls = map[string]string{"add_dependency": "", "add_runtime_dependency": "", "add_development_dependency": "development"}

// gemspecWords are those of statements that have to be read.
var gemspecWords = []string{"dependenc", "instance_eval", "class_eval", "public_send", "instance_variable_set"}

var gemspecWhole = wordSet("eval send __send__ load tap method")

// gemspecControl begin blocks in which a statement may not hold.
var gemspecControl = wordSet("if unless case while until for else elsif when begin rescue loop")

// parseGemspec reads the calls that ask for gems. Where one is computed, or stands in
// a block that may not hold, every line of the file is an unread part.
func parseGemspec(path string, data []byte) (*File, error) {
	f := &File{Path: path, Ecosystem: Gem, Format: "gemspec"}
	code, err := lexCode(path, data, rubyCode)
	if err != nil {
		return nil, err
	}
	tokens := code.tokens
	f.program = code
	listen(tokens, rubyCode.puts, gemspecWords, gemspecWhole)
	gemspecIdle(tokens)
	odd := false
	for _, all := range rubyStatements(tokens) {
		s := withoutParameters(oneCodeLine(all))
		if len(s) == 0 {
			continue
		}
		if s[0].kind == codeWord && gemspecControl[s[0].text] {
			odd = true
		}
		if at := slices.IndexFunc(s, speaksOfExtensions); at >= 0 {
			markRead(all)
			if f.extensions(s, at) {
				odd = true
			}
			continue
		}
		if s[0].kind == codeWord && gemspecControl[s[0].text] || !loudOutside(s) {
			continue
		}
		p, condition, ok := gemspecDependency(s)
		if odd = odd || !ok; !ok {
			continue
		}
		markRead(all)
		markUnread(condition)
		f.Packages = append(f.Packages, p)
		if err := f.count(); err != nil {
			return nil, err
		}
	}
	if odd && (len(f.Packages)+len(f.Scripts) > 0 || slices.ContainsFunc(tokens, func(t codeToken) bool { return t.loud })) {
		return f, f.rest(tokens)
	}
	return f, f.count()
}

// speaksOfExtensions: whatever is done with that name, it is about the programs that
// installing builds and runs.
func speaksOfExtensions(t codeToken) bool {
	return t.text == "extensions" && (t.kind == codeWord || t.kind == codeAtom || t.kind == codeText)
}

// extensions takes in a statement about them. It is odd where it does more than give
// a list of texts.
func (f *File) extensions(s []codeToken, at int) (odd bool) {
	plain := at == 2 && s[1].is(".") && s[0].kind == codeWord
	command := s
	if plain {
		command = s[3:]
	}
	f.Scripts = append(f.Scripts, Script{Name: "extensions", Command: joinedCode(command), Line: s[0].line, EndLine: s[len(s)-1].end})
	return !plain || slices.ContainsFunc(command, func(t codeToken) bool {
		return t.kind == codeWord || t.kind == codeText && !t.plain && t.text != "" && strings.Contains(t.text, "#{")
	})
}

// loudOutside reports whether a statement speaks of dependencies itself: what stands
// in its blocks is a statement of its own.
func loudOutside(s []codeToken) bool {
	for i := 0; i < len(s); i++ {
		if s[i].loud {
			return true
		}
		if s[i].is("{") {
			i += s[i].span
		}
	}
	return false
}

// withoutParameters takes the names off that a block begins with.
func withoutParameters(s []codeToken) []codeToken {
	if len(s) == 0 || !s[0].is("|") {
		return s
	}
	for i := 1; i < len(s); i++ {
		if s[i].is("|") {
			return trimEnds(s[i+1:])
		}
	}
	return s
}

// rubyStatements splits all of a file, whatever the blocks: a call that asks for a
// gem is one wherever it stands.
func rubyStatements(tokens []codeToken) [][]codeToken {
	var all [][]codeToken
	for _, s := range codeStatements(tokens) {
		from := 0
		for i := 0; i < len(s); i++ {
			if s[i].is("{") && s[i].span > 0 { // a block, or a table without one in it
				all = append(all, rubyStatements(s[i+1:i+s[i].span])...)
			}
			i += s[i].span
			if i < len(s) && s[i].kind == codeWord && (s[i].text == "do" || s[i].text == "then" || s[i].text == "end") && i+1 < len(s) {
				if part := trimEnds(s[from : i+1]); len(part) > 0 {
					all = append(all, part)
				}
				from = i + 1
			}
		}
		if part := trimEnds(s[from:]); len(part) > 0 {
			all = append(all, part)
		}
	}
	return all
}

// gemspecDependency reads "spec.add_dependency 'name', '~> 1.0', '>= 1.2'". A condition
// behind it is code, of which only is known whether it changed.
func gemspecDependency(s []codeToken) (_ Package, condition []codeToken, _ bool) {
	p := Package{Ecosystem: Gem, Line: s[0].line, EndLine: s[len(s)-1].end}
	if len(s) < 4 || s[0].kind != codeWord || !s[1].is(".") || s[2].kind != codeWord {
		return p, nil, false
	}
	group, known := gemspecCalls[s[2].text]
	args := s[3:]
	for i := range args {
		if args[i].word("if") || args[i].word("unless") {
			p.Marker, condition, args = joinedCode(args[i:]), args[i:], args[:i]
			break
		}
	}
	if inner, ok := inBrackets(args, "("); ok {
		args = inner
	}
	var texts []string
	for _, a := range codeArguments(args) {
		if inner, ok := inBrackets(a, "["); ok {
			for _, e := range codeArguments(inner) {
				a = e
				if len(e) != 1 || !e[0].literal() {
					return p, nil, false
				}
				texts = append(texts, e[0].text)
			}
			continue
		}
		if len(a) != 1 || !a[0].literal() || a[0].label {
			return p, nil, false
		}
		texts = append(texts, a[0].text)
	}
	if !known || len(texts) == 0 || texts[0] == "" || len(texts[0]) > maxPathLen {
		return p, nil, false
	}
	p.Name, p.Group, p.PURL = texts[0], group, "pkg:gem/"+purlEscape(texts[0])
	p.Spec = gemSpec(strings.Join(texts[1:], ", "))
	p.Pinned = isOneLoose(Gem, p.Spec)
	return p, condition, true
}
