package manifest

import (
	"path"
	"slices"
	"strings"
)

// gemFormats are those of Bundler.
var gemFormats = []Format{
	{
		Name: "gemfile", Ecosystem: Gem, is: isGemfile, Parse: parseGemfile,
		Locks:      []string{"Gemfile.lock", "gems.locked"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift, LifecycleScript},
	},
	{
		Name: "gemfile-lock", Ecosystem: Gem, Lock: true, is: named("gemfile.lock", "gems.locked"), Parse: parseGemfileLock,
		Manifests:  []string{"Gemfile", "gems.rb", "*.gemspec"},
		Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, SourceChanged, IntegrityRemoved, LockfileDrift},
	},
}

func isGemfile(p place) bool {
	return p.base == "gemfile" || p.base == "gems.rb" || p.ext == ".gemfile"
}

var gemCouplings = []coupling{{"gemfile", "gemfile-lock", gemSatisfies, besideFixes}, {"gemspec", "gemfile-lock", gemspecSatisfies, besideFixes}}

// A gemfile collects one Gemfile.
type gemfile struct {
	file   *File
	blocks []gemBlock
}

// A gemBlock is what holds for the gems between "do" and "end".
type gemBlock struct {
	groups []string
	source string // of the gems in it
	pinned bool
	marker string
}

// parseGemfile reads the statements that Gemfiles are made of. Any other Ruby is
// refused: nobody can say what it asks for.
func parseGemfile(path string, data []byte) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	l := &rubyLexer{path: path, s: strings.TrimPrefix(string(data), "\ufeff"), line: 1}
	statements, err := l.statements()
	if err != nil {
		return nil, err
	}
	g := &gemfile{file: &File{Path: path, Ecosystem: Gem, Format: "gemfile"}}
	for _, s := range statements {
		if err := g.statement(s); err != nil {
			return nil, err
		}
		if len(g.blocks) > maxNesting {
			return nil, g.fail(s, "nested more than %d levels deep", maxNesting)
		}
	}
	if len(g.blocks) > 0 {
		return nil, &ParseError{Path: path, Line: l.line, Reason: "a block without its end"}
	}
	return g.file, nil
}

func (g *gemfile) fail(s []rubyToken, format string, args ...any) error {
	l := rubyLexer{path: g.file.Path, line: s[0].line}
	return l.fail(format, args...)
}

// statement reads one.
func (g *gemfile) statement(s []rubyToken) error {
	if s[0].kind != rubyWord {
		return g.fail(s, "a piece of Ruby that is not read: %s", quote(joined(s)))
	}
	switch word := s[0].text; word {
	case "end":
		if len(s) > 1 || len(g.blocks) == 0 {
			return g.fail(s, "an end of nothing")
		}
		g.blocks = g.blocks[:len(g.blocks)-1]
		return nil
	case "if", "unless":
		g.condition(s)
		g.blocks = append(g.blocks, gemBlock{marker: joined(s)})
		return nil
	case "else", "elsif":
		if len(g.blocks) == 0 {
			return g.fail(s, "%s of nothing", word)
		}
		g.condition(s)
		g.blocks[len(g.blocks)-1].marker += "; " + joined(s)
		return nil
	}
	call, err := g.call(s)
	if err != nil {
		return err
	}
	return g.run(s, call)
}

// gemfileAsks are words that only ask where and on what a Gemfile is read.
var gemfileAsks = wordSet("if unless else elsif then and or not in true false nil defined? RUBY_VERSION RUBY_ENGINE RUBY_ENGINE_VERSION RUBY_PLATFORM JRUBY_VERSION " +
	"ENV fetch key? empty? nil? zero? positive? negative? include? match? start_with? end_with? to_s to_i to_f to_sym downcase upcase strip " +
	"Gem Version Requirement Platform Bundler new local os win_platform? java_platform? current_ruby File exist? expand_path join __dir__ __FILE__ lambda do")

// condition takes in code that decides whether a gem is asked for. What can do more
// than ask is a program that runs at installation.
func (g *gemfile) condition(s []rubyToken) {
	for _, t := range s {
		if t.kind == rubyWord && !gemfileAsks[t.text] && !isDigits(t.text) {
			g.file.Scripts = append(g.file.Scripts, Script{Name: "condition", Command: joined(s), Line: s[0].line, EndLine: s[len(s)-1].end})
			return
		}
	}
}

// A gemCall is a call with its arguments.
type gemCall struct {
	name    string
	args    []string
	options map[string]string
	block   bool
	marker  string
}

// call reads "name arg, arg, key: value do" and a condition behind it.
func (g *gemfile) call(s []rubyToken) (*gemCall, error) {
	c := &gemCall{name: s[0].text, options: make(map[string]string)}
	rest := s[1:]
	if n := len(rest); n > 0 && rest[n-1].kind == rubyWord && rest[n-1].text == "do" {
		c.block, rest = true, rest[:n-1]
	}
	for i, t := range rest {
		if t.kind == rubyWord && (t.text == "if" || t.text == "unless") {
			g.condition(rest[i:])
			c.marker, rest = joined(rest[i:]), rest[:i]
			break
		}
	}
	if n := len(rest); n > 1 && rest[0].text == "(" && rest[0].kind == rubyMark && rest[n-1].text == ")" && rest[n-1].kind == rubyMark {
		rest = rest[1 : n-1]
	}
	for _, arg := range arguments(rest) {
		if err := g.argument(s, c, arg); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// arguments splits at the commas outside of brackets.
func arguments(s []rubyToken) [][]rubyToken {
	var list [][]rubyToken
	from, depth := 0, 0
	for i, t := range s {
		if t.kind != rubyMark {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		case ",":
			if depth == 0 {
				list, from = append(list, s[from:i]), i+1
			}
		}
	}
	if from < len(s) {
		list = append(list, s[from:])
	}
	return list
}

func (g *gemfile) argument(s []rubyToken, c *gemCall, arg []rubyToken) error {
	key := ""
	switch {
	case len(arg) == 0:
		return g.fail(s, "an argument that is missing")
	case arg[0].kind == rubyLabel:
		key, arg = arg[0].text, arg[1:]
	case len(arg) > 2 && arg[1].kind == rubyMark && arg[1].text == "=>" && (arg[0].kind == rubySymbol || arg[0].kind == rubyString):
		key, arg = arg[0].text, arg[2:]
	}
	values, ok := literals(arg)
	if !ok {
		return g.fail(s, "an argument that is not read: %s", quote(joined(arg)))
	}
	if key == "" {
		c.args = append(c.args, values...)
		return nil
	}
	if _, twice := c.options[key]; twice {
		return g.fail(s, "the option %s is there twice", quote(key))
	}
	c.options[key] = strings.Join(values, ",")
	return nil
}

// literals reads a text, a symbol, a truth, or an array of them.
func literals(arg []rubyToken) (values []string, ok bool) {
	if n := len(arg); n > 1 && arg[0].kind == rubyMark && arg[0].text == "[" && arg[n-1].kind == rubyMark && arg[n-1].text == "]" {
		arg = arg[1 : n-1]
	}
	for _, t := range arg {
		switch {
		case t.kind == rubyString:
			values = append(values, strings.Split(t.text, "\x00")...)
		case t.kind == rubySymbol, t.kind == rubyWord && (t.text == "true" || t.text == "false" || t.text == "nil" || isDigits(t.text)):
			values = append(values, t.text)
		case t.kind != rubyMark || t.text != ",":
			return nil, false
		}
	}
	return values, len(arg) > 0
}

func joined(s []rubyToken) string {
	var parts []string
	for _, t := range s {
		parts = append(parts, t.text)
	}
	return oneLine(strings.ReplaceAll(strings.Join(parts, " "), "\x00", " "))
}

// run takes in what a call asks for.
func (g *gemfile) run(s []rubyToken, c *gemCall) error {
	line, end := s[0].line, s[len(s)-1].end
	setting := func(kind Kind) {
		g.file.Settings = append(g.file.Settings, Setting{Name: c.name, Value: redact(strings.Join(c.args, ", ")), Gained: kind, Lost: kind, Line: line, EndLine: end})
	}
	switch c.name {
	case "gem":
		return g.gem(s, c)
	case "plugin":
		g.file.Scripts = append(g.file.Scripts, Script{Name: "plugin", Command: joined(s[1:]), Line: line, EndLine: end})
	case "source":
		if len(c.args) != 1 {
			return g.fail(s, "a source without its address")
		}
		if !c.block {
			setting(SourceChanged)
		}
		g.open(c, gemBlock{source: gemRegistry(c.args[0])})
	case "git", "path", "github":
		if len(c.args) != 1 {
			return g.fail(s, "a source without its address")
		}
		c.options[c.name] = c.args[0]
		source, pinned := gemSource(c.options)
		g.open(c, gemBlock{source: source, pinned: pinned})
	case "group":
		g.open(c, gemBlock{groups: c.args})
	case "platforms", "platform", "install_if":
		g.condition(s[1:])
		g.open(c, gemBlock{marker: joined(s)})
	case "gemspec", "eval_gemfile":
		setting(SourceChanged)
	case "ruby":
	case "git_source":
		return g.fail(s, "a source that a program makes, which is not read")
	default:
		return g.fail(s, "a piece of Ruby that is not read: %s", quote(joined(s)))
	}
	return g.file.count()
}

func (g *gemfile) open(c *gemCall, b gemBlock) {
	if c.block {
		g.blocks = append(g.blocks, b)
	}
}

// gemRegistry is a server of gems; the default one has no name.
func gemRegistry(url string) string {
	l := parseLocation(strings.TrimSuffix(url, "/"))
	if s := l.String(); s != "https://rubygems.org" && url != "rubygems" {
		return "registry:" + s
	}
	return ""
}

// gemSource reads the options that say where a gem lies.
func gemSource(options map[string]string) (source string, pinned bool) {
	ref := options["ref"]
	if ref == "" {
		ref = options["tag"] + options["branch"]
	}
	url := options["git"]
	for option, host := range map[string]string{"github": "github.com/", "gist": "gist.github.com/", "bitbucket": "bitbucket.org/", "gitlab": "gitlab.com/"} {
		if name := options[option]; name != "" {
			if !strings.Contains(name, "/") && option != "gist" {
				name += "/" + name
			}
			url = "https://" + host + name
		}
	}
	switch {
	case url != "":
		return repositoryAt("git", strings.TrimSuffix(url, ".git"), ref, ""), isCommit(ref)
	case options["path"] != "":
		return "path:" + path.Clean(options["path"]), true
	case options["source"] != "":
		return gemRegistry(options["source"]), false
	}
	return "", false
}

// gem reads one requirement.
func (g *gemfile) gem(s []rubyToken, c *gemCall) error {
	if len(c.args) == 0 || c.block || c.args[0] == "" || len(c.args[0]) > maxPathLen {
		return g.fail(s, "a gem without a name")
	}
	p := Package{Ecosystem: Gem, Name: c.args[0], PURL: "pkg:gem/" + purlEscape(c.args[0]), Line: s[0].line, EndLine: s[len(s)-1].end}
	p.Spec = gemSpec(strings.Join(c.args[1:], ", "))
	source, pinned := gemSource(c.options)
	markers := []string{}
	groups := strings.Split(c.options["group"]+","+c.options["groups"], ",")
	for _, b := range g.blocks {
		groups = append(groups, b.groups...)
		if b.marker != "" {
			markers = append(markers, b.marker)
		}
		if source == "" {
			source, pinned = b.source, b.pinned
		}
	}
	if c.marker != "" {
		markers = append(markers, c.marker)
	}
	p.Group = strings.Join(sorted(slices.DeleteFunc(groups, func(s string) bool { return s == "" || s == "default" })), ",")
	p.Source, p.Marker = source, strings.Join(markers, "; ")
	p.Pinned = pinned
	if inRegistry(&p) {
		p.Pinned = isOneLoose(Gem, p.Spec)
	}
	g.file.Packages = append(g.file.Packages, p)
	return g.file.count()
}

// gemSpec writes clauses in one way: sorted, "=" left out.
func gemSpec(text string) string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		op, version := cutOperator(part)
		if op == "=" {
			op = ""
		}
		if op == ">=" && version == "0" || version == "" {
			continue
		}
		all = append(all, strings.TrimSpace(op+" "+version))
	}
	return strings.Join(sorted(all), ", ")
}
