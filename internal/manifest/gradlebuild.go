package manifest

import (
	"slices"
	"strings"
)

// gradleBuildFormat is that of Gradle's build files, in either language.
var gradleBuildFormat = Format{
	Name: "gradle-build", Ecosystem: Maven, is: isGradleBuild, Parse: parseGradleBuild,
	Locks:      []string{"gradle.lockfile"},
	Conditions: []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, LockfileDrift},
}

func isGradleBuild(p place) bool {
	return p.ext == ".gradle" || strings.HasSuffix(p.base, ".gradle.kts")
}

// A gradleBuild collects what a build file says plainly: the blocks of dependencies,
// plugins and repositories, wherever they stand.
type gradleBuild struct {
	file   *File
	tokens []codeToken
	kotlin bool
	vars   map[string]*gradleVar
	defs   map[string][]int // where a name gets a value
	asked  map[string]bool  // names that computed lists speak of

	several map[int]bool // where names get the parts of a value
}

// A gradleVar is a name that gets a text.
type gradleVar struct {
	text  string
	at    int
	value int  // where it stands
	fixed bool // once, and in the whole file
	used  bool
}

// parseGradleBuild reads a build file. A statement that has to do with
// dependencies and is not plain is an unread part.
func parseGradleBuild(path string, data []byte) (*File, error) {
	g := &gradleBuild{file: &File{Path: path, Ecosystem: Maven, Format: "gradle-build"}, asked: make(map[string]bool)}
	language := groovyCode
	if g.kotlin = strings.HasSuffix(strings.ToLower(path), ".kts"); g.kotlin {
		language = kotlinCode
	}
	code, err := lexCode(path, data, language)
	if err != nil {
		return nil, err
	}
	g.tokens, g.file.program = code.tokens, code
	listen(g.tokens, language.puts, gradleWords, gradleWhole)
	g.variables()
	if err := g.block(g.tokens, gradlePlace{}); err != nil {
		return nil, err
	}
	g.idle()
	if err := g.definitions(); err != nil {
		return nil, err
	}
	return g.file, g.elsewhere()
}

// A gradlePlace says where a statement stands.
type gradlePlace struct {
	marker string // the blocks around it
	depth  int
}

func (p gradlePlace) in(head []codeToken) gradlePlace {
	p.depth++
	text := joinedCode(head)
	if len(text) > maxQuoteLen {
		text = text[:maxQuoteLen]
	}
	switch {
	case gradleContainers[text]:
	case p.marker == "":
		p.marker = text
	case len(p.marker) < maxPathLen:
		p.marker += " " + text
	}
	return p
}

// gradleContainers are blocks that say nothing about whether what is in them holds.
var gradleContainers = wordSet("allprojects dependencyManagement dependencyResolutionManagement pluginManagement")

// gradleWords speak of dependencies; a statement with one of them has to be read.
var gradleWords = []string{"dependenc", "repositor", "plugin", "classpath", "buildscript", "resolutionstrategy", "substitut", "useversion", "usetarget", "usemodule", "includebuild", "versioncatalog", "sourcecontrol", "mavenbom", "initscript"}

var gradleWhole = wordSet("force apply")

// speaks reports whether words have to do with dependencies.
func (g *gradleBuild) speaks(tokens []codeToken) bool {
	return slices.ContainsFunc(tokens, func(t codeToken) bool { return t.loud })
}

// listen finds the words that have to do with dependencies; texts only where
// something is put into them.
func listen(tokens []codeToken, puts string, parts []string, whole map[string]bool) {
	for i := range tokens {
		if t := &tokens[i]; t.kind == codeWord || t.kind == codeText && !t.plain && strings.Contains(t.text, puts) {
			t.loud = whole[t.text] || len(t.text) >= 5 && containsFold(t.text, parts)
		}
	}
}

// containsFold: the words are in lower case.
func containsFold(text string, words []string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
}

// block reads the statements between two brackets, or of the file.
func (g *gradleBuild) block(tokens []codeToken, at gradlePlace) error {
	for _, s := range codeStatements(tokens) {
		if err := g.statement(s, at); err != nil {
			return err
		}
	}
	return nil
}

// headAndBody splits a statement that ends in a block.
func headAndBody(s []codeToken) (head, body []codeToken, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i].span > 0 {
			if s[i].is("{") && i+s[i].span == len(s)-1 {
				return trimEnds(s[:i]), s[i+1 : len(s)-1], true
			}
			i += s[i].span
		}
	}
	return s, nil, false
}

// statement reads one outside of the blocks that it looks for.
func (g *gradleBuild) statement(s []codeToken, at gradlePlace) error {
	head, body, isBlock := headAndBody(s)
	if !isBlock || len(head) == 0 {
		return g.plain(s)
	}
	name, before := head[len(head)-1], head[:len(head)-1]
	if len(before) > 0 && before[len(before)-1].is(".") {
		before = before[:len(before)-1]
	}
	inner := at.in(before)
	if len(before) == 0 {
		inner = at
	}
	switch {
	case name.kind != codeWord || g.speaks(before):
	case name.text == "dependencies":
		return g.each(body, inner, g.dependency)
	case name.text == "repositories":
		return g.each(body, inner, g.repository)
	case name.text == "plugins":
		return g.each(body, inner, g.plugin)
	case name.text == "imports":
		return g.each(body, inner, g.dependency)
	}
	switch {
	case !g.speaks(s):
		return nil
	case at.depth < maxNesting && (!g.speaks(head) || len(head) == 1 && (gradleContainers[name.text] || name.text == "buildscript")):
		return g.block(body, at.in(head))
	}
	return g.computed(s)
}

func (g *gradleBuild) each(body []codeToken, at gradlePlace, read func([]codeToken, gradlePlace) error) error {
	for _, s := range codeStatements(body) {
		if err := read(s, at); err != nil {
			return err
		}
	}
	return nil
}

// plain reads a statement without a block: "apply plugin: 'x'" and "apply from: 'x'".
func (g *gradleBuild) plain(s []codeToken) error {
	if !g.speaks(s) {
		return nil
	}
	if s[0].word("apply") {
		args := s[1:]
		if inner, ok := inBrackets(args, "("); ok {
			args = inner
		}
		if len(args) == 3 && args[0].kind == codeWord && (args[1].is(":") || args[1].is("=")) && (args[2].literal() || args[2].kind == codeWord) {
			kind, lost := Added, Removed
			if args[0].text == "from" {
				kind, lost = SourceChanged, SourceChanged
			}
			markRead(s)
			g.file.Settings = append(g.file.Settings, Setting{Name: "apply " + args[0].text, Value: redact(oneLine(args[2].text)), Gained: kind, Lost: lost, Line: s[0].line, EndLine: s[len(s)-1].end})
			return g.file.count()
		}
	}
	return g.computed(s)
}

// computed takes a statement for an unread part, and what its names get their values
// from with it.
func (g *gradleBuild) computed(s []codeToken) error {
	for i := range s {
		if s[i].kind == codeWord {
			g.asked[s[i].text] = true
		} else if s[i].kind == codeText && !s[i].plain {
			for _, name := range namesPutIn(s[i].text) {
				g.asked[name] = true
			}
		}
	}
	err := g.file.unread(s)
	markRead(s)
	return err
}

// variables finds the names that get a value, and those that get one text, once.
func (g *gradleBuild) variables() {
	g.vars, g.defs = make(map[string]*gradleVar), make(map[string][]int)
	g.givenTogether()
	for i := range g.tokens {
		t := &g.tokens[i]
		if t.kind != codeWord && (t.kind != codeText || !t.plain || len(t.text) > maxPathLen) {
			continue
		}
		value, ok := g.given(i)
		if !ok {
			continue
		}
		g.defs[t.text] = append(g.defs[t.text], i)
		v := &gradleVar{at: i, value: value}
		if value < len(g.tokens) && g.tokens[value].literal() && g.endsBehind(value) {
			v.text, v.fixed = g.tokens[value].text, len(g.defs[t.text]) == 1
		}
		g.vars[t.text] = v
	}
}

// given reports whether a name gets a value, and where that stands.
func (g *gradleBuild) given(i int) (value int, ok bool) {
	next := func(n int) *codeToken {
		if i+n < len(g.tokens) {
			return &g.tokens[i+n]
		}
		return &codeToken{}
	}
	before := func(n int) *codeToken {
		if i >= n {
			return &g.tokens[i-n]
		}
		return &codeToken{}
	}
	if g.tokens[i].kind == codeText {
		switch { // set("v", "1"), extra["v"] = "1"
		case before(1).is("(") && (before(2).word("set") || before(2).word("setProperty")) && next(1).is(","):
			return i + 2, true
		case before(1).is("[") && next(1).is("]") && next(2).is("=") && !next(3).is("="):
			return i + 3, true
		case before(1).is("[") && next(1).is("]") && next(2).kind == codeMark && next(3).is("=") && next(3).glued:
			return len(g.tokens), true
		}
		return 0, false
	}
	switch {
	case next(1).is("=") && !next(2).is("=") && !next(2).is("~"):
		return i + 2, true
	case next(1).kind == codeMark && strings.Contains("+-*/?|&<>%.", next(1).text) && (next(2).is("=") && next(2).glued || next(2).is(next(1).text) && next(2).glued && next(1).text != "." && next(1).text != "?"):
		return len(g.tokens), true // v += "1", v ?= "1", v++, v << "1"
	case next(1).word("by") && next(2).word("extra") && next(3).is("("):
		return i + 4, true
	case next(1).is(":") && next(2).kind == codeWord && next(3).is("="):
		return i + 4, true
	}
	return len(g.tokens), before(1).word("fun") || before(1).word("def") || g.several[i]
}

// givenTogether finds the names in "def (a, b) = …" and "val (a, b) = …".
func (g *gradleBuild) givenTogether() {
	g.several = make(map[int]bool)
	for i := range g.tokens {
		if t := &g.tokens[i]; i == 0 || !t.is("(") || !g.tokens[i-1].word("def") && !g.tokens[i-1].word("val") && !g.tokens[i-1].word("var") && !g.assigned(i) {
			continue
		}
		for n := i + 1; n < i+g.tokens[i].span; n++ {
			g.several[n] = g.tokens[n].kind == codeWord
		}
	}
}

// assigned reports whether brackets get a value: "(a, b) = …". What is compared, or
// named with a value, does not.
func (g *gradleBuild) assigned(i int) bool {
	behind := i + g.tokens[i].span + 1
	return g.tokens[i].span < 2*maxClauses && (i == 0 || g.tokens[i-1].kind == codeEnd) && behind+1 < len(g.tokens) && g.tokens[behind].is("=") && !g.tokens[behind+1].is("=")
}

// endsBehind reports whether nothing is done to a value.
func (g *gradleBuild) endsBehind(i int) bool {
	if i+1 >= len(g.tokens) {
		return true
	}
	t := &g.tokens[i+1]
	return t.kind == codeEnd && !goesOnCode(g.tokens, i+1) || t.is("}") || t.is(")") || t.is(",") || t.is("]")
}

// definitions adds to the unread parts what the names in them get their values from.
func (g *gradleBuild) definitions() error {
	todo := make([]string, 0, len(g.asked))
	for name := range g.asked {
		todo = append(todo, name)
	}
	ends := make(map[int]int) // of the definitions that are in already
	in := make([]bool, len(g.tokens))
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, at := range g.defs[name] {
			if ends[at] == 0 && !g.tokens[at].read {
				todo = g.define(at, ends, in, todo)
			}
		}
	}
	var line []codeToken
	for at, t := range g.tokens {
		if !in[at] {
			continue
		}
		if len(line) > 0 && line[0].line != t.line {
			if err := g.file.unread(line); err != nil {
				return err
			}
			line = line[:0]
		}
		line = append(line, t)
	}
	return g.file.unread(line)
}

// define takes a definition in, up to the end of the statement or the block that it
// is in, and adds the names in it to what is to be looked at.
func (g *gradleBuild) define(at int, ends map[int]int, in []bool, todo []string) []string {
	end := at
	for inner := at; end < len(g.tokens); {
		if done := ends[end]; done > end {
			end = done
			continue
		}
		t := &g.tokens[end]
		if end >= inner && (t.kind == codeEnd && !goesOnCode(g.tokens, end) || t.is("}") || t.is(")") || t.is("]")) {
			break
		}
		inner = max(inner, end+t.span+1)
		in[end] = true
		if t.kind == codeWord && !g.asked[t.text] {
			g.asked[t.text] = true
			todo = append(todo, t.text)
		}
		end++
	}
	ends[at] = max(end, at+1)
	return todo
}
