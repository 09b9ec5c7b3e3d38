package manifest

import (
	"slices"
	"strings"
)

// dependency reads a statement of a block of dependencies: what to do with the
// package, and the package.
func (g *gradleBuild) dependency(s []codeToken, at gradlePlace) error {
	head, body, isBlock := headAndBody(s)
	if len(head) == 0 {
		return g.computed(s)
	}
	group, args := head[0].text, trimEnds(head[1:])
	switch {
	case head[0].kind != codeWord && !head[0].literal():
		return g.computed(s)
	case isBlock && len(args) == 0 && group == "constraints":
		at.marker = strings.TrimSpace(at.marker + " constraints")
		return g.each(body, at, g.dependency)
	case isBlock && (group == "if" || group == "else") && at.depth < maxNesting:
		return g.each(body, at.in(head), g.dependency)
	case len(args) == 0:
		return g.computed(s)
	}
	if inner, ok := inBrackets(args, "("); ok {
		args = inner
	}
	values := codeArguments(args)
	if group == "add" && len(values) > 1 && len(values[0]) == 1 && values[0][0].literal() {
		group, values = values[0][0].text, values[1:]
	}
	var details *gradleDetails
	if isBlock {
		details = g.details(body)
	}
	packages, ok := g.values(values)
	if !ok || isBlock && details == nil {
		return g.computed(s)
	}
	markRead(s)
	details.unread()
	for _, p := range packages {
		p.Group, p.Marker, p.Line, p.EndLine = group, at.marker, s[0].line, max(s[0].line, s[len(s)-1].end)
		if strings.HasSuffix(at.marker, "constraints") {
			p.Group = groupConstraint
		}
		details.apply(&p)
		if p.PURL == "" {
			p.PURL = mavenPURL(p.Name)
		}
		if p.Source == "" {
			p.Pinned = mavenPinned(p.Spec) && !strings.Contains(p.Spec, "$")
		}
		g.file.Packages = append(g.file.Packages, p)
	}
	return g.file.count()
}

// mavenPURL is that of "group:artifact".
func mavenPURL(name string) string {
	group, artifact, ok := strings.Cut(name, ":")
	if !ok {
		return "pkg:maven/" + purlEscape(group)
	}
	return "pkg:maven/" + purlEscape(group) + "/" + purlEscape(artifact)
}

// A gradleDetails is what the block behind a dependency says.
type gradleDetails struct {
	spec    string
	options []string
	reasons [][]codeToken // code that is run and says nothing of the package
}

// unread leaves the reasons to be compared word by word.
func (d *gradleDetails) unread() {
	if d != nil {
		for _, s := range d.reasons {
			markUnread(s)
		}
	}
}

// reason takes in "because 'a text'", which has no say, or whatever stands in its place.
func (d *gradleDetails) reason(s []codeToken) {
	args := trimEnds(s[1:])
	if inner, ok := inBrackets(args, "("); ok {
		args = inner
	}
	if len(args) != 1 || !args[0].literal() {
		d.reasons = append(d.reasons, s)
		return
	}
	for i := range s {
		s[i].idle = true
	}
}

func (d *gradleDetails) apply(p *Package) {
	if d == nil {
		return
	}
	if d.spec != "" {
		p.Spec = d.spec
	}
	p.Options = sorted(append(p.Options, d.options...))
}

// details reads that block; nil when a version in it is computed.
func (g *gradleBuild) details(body []codeToken) *gradleDetails {
	d := &gradleDetails{}
	for _, s := range codeStatements(body) {
		head, inner, isBlock := headAndBody(s)
		switch {
		case s[0].word("because"):
			d.reason(s)
		case isBlock && len(head) == 1 && head[0].word("version"):
			for _, v := range codeStatements(inner) {
				if v[0].word("because") {
					d.reason(v)
					continue
				}
				text, ok := g.versionCall(v)
				if !ok {
					return nil
				}
				if text != "" && (d.spec == "" || v[0].word("strictly")) {
					d.spec = text
				}
			}
		case s[0].word("version"):
			return nil
		default:
			d.options = append(d.options, joinedCode(s))
		}
	}
	return d
}

// versionCall reads "strictly '1.2'" and its like.
func (g *gradleBuild) versionCall(s []codeToken) (string, bool) {
	args := s[1:]
	if inner, ok := inBrackets(args, "("); ok {
		args = inner
	}
	if len(args) == 0 || !s[0].word("strictly") && !s[0].word("require") && !s[0].word("prefer") {
		return "", false
	}
	return g.text(args)
}

// values reads the packages of one statement; none for what lies in the tree.
func (g *gradleBuild) values(values [][]codeToken) ([]Package, bool) {
	if len(values) > 1 || len(values) == 1 && len(values[0]) > 2 {
		if p, ok := g.named(values); ok {
			return []Package{p}, true
		}
	}
	var all []Package
	for _, v := range values {
		p, ok := g.value(v)
		if !ok {
			return nil, false
		}
		if p != nil {
			all = append(all, *p)
		}
	}
	return all, len(values) > 0
}

// named reads "group: 'g', name: 'n', version: 'v'".
func (g *gradleBuild) named(values [][]codeToken) (Package, bool) {
	fields := make(map[string]string)
	p := Package{Ecosystem: Maven}
	for _, v := range values {
		if len(v) < 3 || v[0].kind != codeWord || !v[1].is(":") && !v[1].is("=") {
			return p, false
		}
		text, ok := g.text(v[2:])
		if _, twice := fields[v[0].text]; twice || !ok && (v[0].text == "group" || v[0].text == "name" || v[0].text == "version") {
			return p, false
		}
		fields[v[0].text] = text
		if v[0].text != "group" && v[0].text != "name" && v[0].text != "version" {
			p.Options = append(p.Options, joinedCode(v))
		}
	}
	p.Options = sorted(p.Options)
	p.Name, p.Spec = fields["group"]+":"+fields["name"], fields["version"]
	return p, coordinate(fields["group"]) && coordinate(fields["name"])
}

func coordinate(s string) bool {
	return s != "" && len(s) <= maxPathLen && !strings.ContainsAny(s, " \t\n:$/\\@")
}

// gradleOwn are what comes with Gradle itself, or lies in the tree.
var gradleOwn = wordSet("project projects gradleApi localGroovy gradleTestKit gradleKotlinDsl")

// value reads one package; nil for what is no news.
func (g *gradleBuild) value(v []codeToken) (*Package, bool) {
	if text, ok := g.text(v); ok {
		return notation(text)
	}
	if len(v) == 0 || v[0].kind != codeWord {
		return nil, false
	}
	name, args := v[0].text, trimEnds(v[1:])
	inner, call := inBrackets(args, "(")
	switch {
	case call && (name == "platform" || name == "enforcedPlatform" || name == "testFixtures"):
		p, ok := g.value(inner)
		if p != nil {
			p.Options = sorted(append(p.Options, name))
		}
		return p, ok
	case call && (name == "kotlin" || name == "embeddedKotlin"):
		return g.kotlinModule(codeArguments(inner))
	case call && (name == "files" || name == "fileTree"):
		return &Package{Ecosystem: Maven, Name: joinedCode(v), PURL: "pkg:generic/" + purlEscape(joinedCode(v)), Source: "path:" + joinedCode(inner), Pinned: true}, true
	case gradleOwn[name] && (call || name == "projects"):
		return nil, true
	case catalogName(name) && g.defs[name] == nil && dotted(args):
		return &Package{Ecosystem: Maven, Name: joinedCode(v), PURL: "pkg:generic/" + purlEscape(joinedCode(v)), Source: "catalog:" + name, Pinned: true}, true
	}
	return nil, false
}

// catalogName: of any other name nobody knows what it stands for.
func catalogName(name string) bool { return name == "libs" || strings.HasSuffix(name, "Libs") }

// dotted reports whether words are ".a.b.c".
func dotted(args []codeToken) bool {
	for i := range args {
		if i%2 == 0 && !args[i].is(".") || i%2 == 1 && args[i].kind != codeWord {
			return false
		}
	}
	return len(args) > 0 && len(args)%2 == 0
}

// kotlinModule reads kotlin("stdlib", "1.9.0").
func (g *gradleBuild) kotlinModule(args [][]codeToken) (*Package, bool) {
	if len(args) == 0 || len(args) > 2 {
		return nil, false
	}
	module, ok := g.text(args[0])
	p := &Package{Ecosystem: Maven, Name: "org.jetbrains.kotlin:kotlin-" + module}
	if !ok || !coordinate(module) {
		return nil, false
	}
	if len(args) == 2 {
		p.Spec, ok = g.text(args[1])
	}
	return p, ok
}

// notation reads "group:name:version:classifier@kind".
func notation(text string) (*Package, bool) {
	text, kind, _ := strings.Cut(text, "@")
	parts := coordinates(text)
	if len(parts) < 2 || len(parts) > 4 || !coordinate(parts[0]) || !coordinate(parts[1]) || len(text) > maxPathLen {
		return nil, false
	}
	p := &Package{Ecosystem: Maven, Name: parts[0] + ":" + parts[1]}
	if len(parts) > 2 {
		strict, _, _ := strings.Cut(parts[2], "!!")
		p.Spec = oneLine(strict)
	}
	if len(parts) > 3 {
		p.Options = append(p.Options, "classifier "+oneLine(parts[3]))
	}
	if kind != "" {
		p.Options = append(p.Options, "kind "+oneLine(kind))
	}
	p.Options = sorted(p.Options)
	return p, true
}

// coordinates splits at colons, but for those within "${…}": they are code.
func coordinates(text string) (parts []string) {
	from, depth := 0, 0
	for i := range len(text) {
		switch {
		case text[i] == '{' && (depth > 0 || i > 0 && text[i-1] == '$'):
			depth++
		case text[i] == '}' && depth > 0:
			depth--
		case text[i] == ':' && depth == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// text reads a text, texts that are joined, or a name that gets one. Of a version
// that comes from elsewhere the name stays.
func (g *gradleBuild) text(v []codeToken) (string, bool) {
	var b strings.Builder
	for i := range v {
		t := &v[i]
		switch {
		case i%2 == 1 && t.is("+"):
		case i%2 == 0 && t.literal():
			b.WriteString(t.text)
		case i%2 == 0 && t.kind == codeText && !strings.Contains(t.text, `\`):
			b.WriteString(g.put(t.text))
		case i%2 == 0 && t.kind == codeWord && g.vars[t.text] != nil && g.vars[t.text].fixed:
			b.WriteString(g.use(t.text))
		default:
			return "", false
		}
	}
	return b.String(), len(v)%2 == 1 && b.Len() <= 4*maxPathLen
}

func (g *gradleBuild) use(name string) string {
	g.vars[name].used = true
	return g.vars[name].text
}

// put replaces "$name" and "${a.name}" where the name gets one text in this file.
func (g *gradleBuild) put(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "$")
		b.WriteString(before)
		if !ok || b.Len() > 4*maxPathLen {
			return b.String()
		}
		name, behind := nameAt(rest)
		last := name[strings.LastIndexByte(name, '.')+1:]
		if v := g.vars[last]; v != nil && v.fixed && last != "" {
			b.WriteString(g.use(last))
		} else {
			b.WriteString("$" + name)
		}
		text = behind
	}
}

// nameAt reads "name" or "{a.name}".
func nameAt(rest string) (name, behind string) {
	if inner, ok := strings.CutPrefix(rest, "{"); ok {
		if name, behind, ok := strings.Cut(inner, "}"); ok && !strings.ContainsAny(name, "()[]\"' ") {
			return name, behind
		}
		return "", rest
	}
	n := 0
	for n < len(rest) && (isAlnum(rest[n]) || rest[n] == '_') {
		n++
	}
	return rest[:n], rest[n:]
}

// namesPutIn are the words in what is put into a text.
func namesPutIn(text string) []string {
	_, text, _ = strings.Cut(text, "$")
	return strings.FieldsFunc(text, func(r rune) bool { return r < 0x80 && !isAlnum(byte(r)) && r != '_' })
}

// plugin reads "id 'x' version 'y' apply false" and the short forms of it.
func (g *gradleBuild) plugin(s []codeToken, at gradlePlace) error {
	var words []codeToken
	for i := range s {
		if !s[i].is("(") && !s[i].is(")") && !s[i].is(".") && s[i].kind != codeEnd {
			words = append(words, s[i])
		}
	}
	p := Package{Ecosystem: Maven, Group: "plugin", Marker: at.marker, Line: s[0].line, EndLine: max(s[0].line, s[len(s)-1].end)}
	rest, ok := g.pluginName(&p, words)
	for ok && len(rest) > 0 {
		switch {
		case rest[0].word("version") && len(rest) > 1 && p.Spec == "":
			p.Spec, ok = g.text(rest[1:2])
			rest = rest[2:]
		case rest[0].word("apply") && len(rest) > 1 && (rest[1].word("false") || rest[1].word("true")):
			rest = rest[2:]
		default:
			ok = false
		}
	}
	if !ok {
		return g.computed(s)
	}
	markRead(s)
	p.Pinned = p.Source != "" || mavenPinned(p.Spec) && !strings.Contains(p.Spec, "$")
	g.file.Packages = append(g.file.Packages, p)
	return g.file.count()
}

func (g *gradleBuild) pluginName(p *Package, words []codeToken) (rest []codeToken, ok bool) {
	if len(words) == 0 {
		return nil, false
	}
	first := words[0]
	switch {
	case first.kind != codeWord:
		return nil, false
	case len(words) > 1 && words[1].literal() && (first.text == "id" || first.text == "kotlin"):
		if p.Name = words[1].text; first.text == "kotlin" {
			p.Name = "org.jetbrains.kotlin." + p.Name
		}
		rest = words[2:]
	case first.text == "alias" && len(words) > 3 && catalogName(words[1].text):
		var parts []string
		for rest = words[1:]; len(rest) > 0 && rest[0].kind == codeWord && rest[0].text != "apply" && rest[0].text != "version"; rest = rest[1:] {
			parts = append(parts, rest[0].text)
		}
		p.Name, p.Source = strings.Join(parts, "."), "catalog:"+words[1].text
	case len(words) == 1 || words[1].word("apply") || words[1].word("version"):
		p.Name, rest = first.text, words[1:]
	default:
		return nil, false
	}
	if p.PURL = mavenPURL(p.Name); p.Source != "" {
		p.PURL = "pkg:generic/" + purlEscape(p.Name)
	}
	return rest, coordinate(p.Name)
}

// repository reads one place that packages come from. Whom it is asked as is nobody's
// business here; what else stands among the credentials is.
func (g *gradleBuild) repository(s []codeToken, at gradlePlace) error {
	if s[0].kind != codeWord || gradleControl[s[0].text] {
		return g.computed(s)
	}
	if !plainAddress(s) {
		if err := g.computed(s); err != nil {
			return err
		}
	}
	shown := make([]codeToken, 0, len(s))
	secret := false
	for i := 0; i < len(s); i++ {
		t := s[i]
		switch {
		case t.word("credentials") || t.word("authentication"):
			if end := credentialsEnd(s, i); end > i {
				i = end
				continue
			}
		case t.kind == codeWord:
			secret = secret || gradleSecret[t.text]
		case t.kind == codeEnd || t.is("}"):
			secret = false
		case t.kind == codeText && secret:
			t.text = "…"
		case t.kind == codeText:
			t.text = redact(t.text)
		}
		shown = append(shown, t)
	}
	markRead(s)
	value := joinedCode(shown)
	if at.marker != "" {
		value += " in " + at.marker
	}
	g.file.Settings = append(g.file.Settings, Setting{
		Name: "repository", Value: value, Gained: SourceChanged, Lost: SourceChanged, Line: s[0].line, EndLine: max(s[0].line, s[len(s)-1].end),
	})
	return g.file.count()
}

// plainAddress reports whether the addresses of a repository are texts.
func plainAddress(s []codeToken) bool {
	for i := range s {
		if s[i].kind == codeText && !s[i].plain {
			return false
		}
		bracket := i+1 < len(s) && s[i+1].is("(")
		if s[i].kind != codeWord || !gradleAddress[s[i].text] && (!bracket || s[i].text != "maven" && s[i].text != "ivy") {
			continue
		}
		at := i + 1
		for at < len(s) && (s[at].is("=") || s[at].is("(") || s[at].word("uri")) {
			at++
		}
		if at >= len(s) || !s[at].literal() && !s[at].is(")") && !s[at].is("{") || at+1 < len(s) && s[at+1].is("+") {
			return false
		}
	}
	return true
}

// credentialsEnd is the last word of credentials that are nothing else: where an
// address stands among them, they are part of what is shown.
func credentialsEnd(s []codeToken, at int) int {
	end := at
	for end+1 < len(s) && (s[end+1].span > 0 || s[end+1].is(":") || s[end+1].kind == codeWord) {
		end += 1 + s[end+1].span
	}
	for _, t := range s[at+1 : min(end+1, len(s))] {
		if t.loud || t.kind == codeWord && containsFold(t.text, gradlePlaces) {
			return at
		}
	}
	return end
}

// gradlePlaces are in the names of what says where something lies.
var gradlePlaces = []string{"url", "uri", "maven", "ivy", "artifact", "invoke", "with", "call", "owner", "delegate", "evaluate"}

// gradleSecret are words with a secret behind them.
var gradleSecret = wordSet("username password setUsername setPassword accessKey secretKey sessionToken setAccessKey setSecretKey setSessionToken value setValue")

var gradleAddress = wordSet("url setUrl artifactUrls")

var gradleControl = wordSet("if else for while def val var when try")

// gradleOther are names whose value is a version, but of no package.
var gradleOther = wordSet("version versionName versionCode group sourceCompatibility targetCompatibility jvmTarget languageVersion apiVersion name description")

// elsewhere finds coordinates and versions outside of the blocks: lists of them that
// other build files use.
func (g *gradleBuild) elsewhere() error {
	for i := range g.tokens {
		t := &g.tokens[i]
		if t.read || t.kind != codeText || len(t.text) > maxPathLen || !t.plain && strings.Contains(t.text, `\`) {
			continue
		}
		text := t.text
		if !t.plain {
			text = g.put(text)
		}
		p, ok := notation(text)
		key := i - 2
		switch {
		case ok && p.Spec != "" && p.Spec[0] != '/':
			p.Group = "elsewhere"
			p.PURL = mavenPURL(p.Name)
		case !t.plain || t.idle || key < 0 || g.tokens[key].kind != codeWord || !g.tokens[i-1].is(":") && !g.tokens[i-1].is("=") || gradleOther[g.tokens[key].text] || g.used(key):
			continue
		default:
			if v, ok := parseLoose(t.text, true); !ok || len(v.core) < 2 {
				continue
			}
			p = &Package{Ecosystem: Maven, Name: g.tokens[key].text, Spec: t.text, Group: "version"}
			p.PURL = "pkg:generic/" + purlEscape(p.Name)
		}
		p.Pinned, p.Line, p.EndLine = mavenPinned(p.Spec) && !strings.Contains(p.Spec, "$"), t.line, t.end
		t.read = true
		g.file.Packages = append(g.file.Packages, *p)
		if err := g.file.count(); err != nil {
			return err
		}
	}
	return nil
}

// used reports whether a name's value went into a package already.
func (g *gradleBuild) used(key int) bool {
	v := g.vars[g.tokens[key].text]
	return v != nil && v.used && v.at == key && !slices.Contains(g.defs[g.tokens[key].text], key+1)
}
