package manifest

import (
	"path"
	"strings"
)

// mixFormat is that of Elixir's projects.
var mixFormat = Format{
	Name: "mix-exs", Ecosystem: Hex, is: named("mix.exs"), Parse: parseMixExs,
	Locks:      []string{"mix.lock"},
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift},
}

// parseMixExs reads the list behind "deps:", or that of the function which is called
// there. Where it is no plain list, every line of the file is an unread part.
func parseMixExs(path string, data []byte) (*File, error) {
	f := &File{Path: path, Ecosystem: Hex, Format: "mix-exs"}
	code, err := lexCode(path, data, elixirCode)
	if err != nil {
		return nil, err
	}
	tokens := code.tokens
	f.program = code
	mixIdle(tokens)
	lists, ok := mixLists(tokens)
	for _, list := range lists {
		for _, entry := range codeArguments(list) {
			p, plain := mixPackage(entry)
			if ok = ok && plain; !plain {
				continue
			}
			p.Line, p.EndLine = entry[0].line, entry[len(entry)-1].end
			markRead(entry)
			f.Packages = append(f.Packages, *p)
			if err := f.count(); err != nil {
				return nil, err
			}
		}
	}
	if !ok {
		return f, f.rest(tokens)
	}
	return f, f.count()
}

// mixLists finds the lists of dependencies. ok is false when a name of them stands
// where it cannot be followed.
func mixLists(tokens []codeToken) (lists [][]codeToken, ok bool) {
	calls, functions := 0, 0
	for i := range tokens {
		t := &tokens[i]
		if mixComputing[t.text] && t.kind == codeWord || t.kind == codeText && !t.plain && strings.Contains(t.text, "deps") {
			return lists, false
		}
		if t.text == "deps" && (t.kind == codeAtom || t.kind == codeText) {
			return lists, false // a key that is written in another way, or looked up
		}
		if t.text != "deps" || t.kind != codeWord {
			continue
		}
		rest := tokens[i+1:]
		if len(rest) > 1 && rest[0].is("(") && rest[0].span == 1 {
			rest = rest[2:]
		}
		list, behind, plain := mixList(rest, t.label, i > 0 && (tokens[i-1].word("def") || tokens[i-1].word("defp")))
		switch {
		case plain && list != nil:
			lists = append(lists, list)
			functions++
			if t.label {
				calls++
			}
		case t.label && mixEnds(behind):
			calls++
		case i > 0 && tokens[i-1].label && tokens[i-1].text == "deps": // the call behind the label
		default:
			return lists, false
		}
	}
	return lists, calls == functions && calls <= 1
}

// mixEnds reports whether a list is all that there is of a value: a line that follows
// may do something to it.
func mixEnds(behind []codeToken) bool {
	for len(behind) > 0 && behind[0].kind == codeEnd {
		behind = behind[1:]
	}
	if len(behind) == 0 {
		return true
	}
	t := &behind[0]
	return t.is(",") || t.is("]") || t.is(")") || t.is("}") || t.word("end") || t.word("def") || t.word("defp")
}

// mixComputing are words by which a list may become another one.
var mixComputing = wordSet("Keyword put_in update_in Code eval_string eval_file require_file deps_list")

// mixList reads what stands behind the name of the list: "[…]" behind a label, "do
// […] end" or ", do: […]" behind a function; or the name of the function.
func mixList(rest []codeToken, label, function bool) (list, behind []codeToken, ok bool) {
	skip := func() {
		for len(rest) > 0 && rest[0].kind == codeEnd {
			rest = rest[1:]
		}
	}
	switch {
	case label:
		if len(rest) > 0 && rest[0].word("deps") {
			if rest = rest[1:]; len(rest) > 1 && rest[0].is("(") && rest[0].span == 1 {
				rest = rest[2:]
			}
			return nil, rest, true
		}
	case function && len(rest) > 1 && rest[0].word("do") && !rest[0].label:
		rest = rest[1:]
	case function && len(rest) > 2 && rest[0].is(",") && rest[1].word("do") && rest[1].label:
		rest, label = rest[2:], true
	default:
		return nil, nil, false
	}
	skip()
	if len(rest) == 0 || !rest[0].is("[") {
		return nil, nil, false
	}
	list, rest = rest[1:rest[0].span], rest[rest[0].span+1:]
	if label {
		return list, rest, mixEnds(rest)
	}
	skip()
	return list, rest, len(rest) > 0 && rest[0].word("end")
}

// mixPackage reads {:name, "~> 1.0", options}.
func mixPackage(entry []codeToken) (*Package, bool) {
	inner, ok := inBrackets(entry, "{")
	if !ok {
		return nil, false
	}
	args := codeArguments(inner)
	if len(args) == 0 || len(args[0]) != 1 || args[0][0].kind != codeAtom {
		return nil, false
	}
	name := args[0][0].text
	p := &Package{Ecosystem: Hex, Name: name, PURL: "pkg:hex/" + purlEscape(name)}
	args = args[1:]
	if len(args) > 0 && len(args[0]) == 1 && args[0][0].literal() {
		p.Spec, args = oneLine(args[0][0].text), args[1:]
	}
	options := make(map[string]string)
	if len(args) == 1 {
		if list, ok := inBrackets(args[0], "["); ok {
			args = codeArguments(list)
		}
	}
	for _, a := range args {
		if len(a) < 2 || !a[0].label {
			return nil, false
		}
		value, ok := elixirLiteral(a[1:])
		if _, twice := options[a[0].text]; twice || !ok {
			return nil, false
		}
		options[a[0].text] = value
	}
	return p, p.mixOptions(options)
}

// elixirLiteral reads a text, an atom, a number, a truth, or a list of them.
func elixirLiteral(v []codeToken) (string, bool) {
	v = trimEnds(v)
	if list, ok := inBrackets(v, "["); ok {
		var all []string
		for _, e := range codeArguments(list) {
			if len(e) > 1 && e[0].label {
				e = e[1:]
			}
			text, ok := elixirLiteral(e)
			if !ok {
				return "", false
			}
			all = append(all, text)
		}
		return strings.Join(sorted(all), ","), true
	}
	if len(v) != 1 || v[0].kind == codeMark || v[0].kind == codeText && !v[0].plain {
		return "", false
	}
	if v[0].kind == codeWord && v[0].text != "true" && v[0].text != "false" && v[0].text != "nil" && !isDigits(v[0].text) {
		return "", false
	}
	return v[0].text, true
}

// mixOptions reads what stands behind the version.
func (p *Package) mixOptions(options map[string]string) bool {
	ref := options["ref"] + options["tag"] + options["branch"]
	url := options["git"]
	if hub := options["github"]; hub != "" {
		url = "https://github.com/" + hub
	}
	for key, value := range options {
		switch key {
		case "git", "github", "ref", "tag", "branch", "path", "in_umbrella", "hex", "repo", "organization", "sparse", "subdir":
		case "only", "targets":
			p.Marker += key + " " + value
		case "compile", "system_env", "manager", "submodules", "override": // what is fetched, built, or put in the place of what others ask for
			p.Options = append(p.Options, key+" "+value)
		case "optional", "runtime", "env", "app", "depth":
		default:
			return false
		}
	}
	p.Options = sorted(p.Options)
	if options["only"] != "" && options["targets"] != "" {
		p.Marker = "only " + options["only"] + " targets " + options["targets"]
	}
	if name := options["hex"]; name != "" && name != p.Name {
		p.Alias, p.Name, p.PURL = p.Name, name, "pkg:hex/"+purlEscape(name)
	}
	switch {
	case url != "":
		p.Source, p.Pinned = repositoryAt("git", strings.TrimSuffix(url, ".git"), ref, options["sparse"]+options["subdir"]), isCommit(ref)
	case options["in_umbrella"] == "true":
		p.Source, p.Pinned = "path:../"+p.Name, true
	case options["path"] != "":
		p.Source, p.Pinned = "path:"+path.Clean(options["path"]), true
	case options["organization"] != "":
		p.Source = "registry:hexpm:" + options["organization"]
	case options["repo"] != "" && options["repo"] != "hexpm":
		p.Source = "registry:" + options["repo"]
	}
	if inRegistry(p) {
		p.Pinned = isOneLoose(Hex, p.Spec)
	}
	return p.Name != "" && len(p.Name) <= maxPathLen
}

// mixSatisfies holds mix.lock against the mix.exs beside it.
func mixSatisfies(manifest, lock *File) []Drift {
	if path.Dir(manifest.Path) != path.Dir(lock.Path) {
		return nil
	}
	entries := pyByName(lock)
	var drifts []Drift
	for _, p := range manifest.Packages {
		if strings.HasPrefix(p.Source, "path:") {
			continue
		}
		if d, ok := mixDrift(p, entries[p.Name]); ok {
			drifts = append(drifts, d)
		}
	}
	return drifts
}

func mixDrift(p Package, found []*Package) (Drift, bool) {
	switch {
	case len(found) == 0:
		return Drift{Package: p, Reason: "nothing is locked for this requirement"}, true
	case !strings.HasPrefix(p.Source, "git+"):
		if strings.HasPrefix(found[0].Source, "git+") || found[0].Source != p.Source {
			return Drift{Package: p, Locked: found[0].Source, Reason: "another source is locked"}, true
		}
		return looseDrift(p, found)
	}
	_, ref, _ := cutLast(p.Source, "@")
	if repository(p.Source) != repository(found[0].Source) || isCommit(ref) && !strings.Contains(found[0].Source, "@"+ref) {
		return Drift{Package: p, Locked: found[0].Source, Reason: "another source is locked"}, true
	}
	return Drift{}, false
}
