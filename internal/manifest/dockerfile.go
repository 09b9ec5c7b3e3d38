package manifest

import (
	"fmt"
	"strings"
)

// isDockerfile knows the names under which people keep them.
func isDockerfile(p place) bool {
	switch p.ext {
	case ".dockerignore", ".md", ".txt", ".sh", ".yml", ".yaml", ".json", ".py", ".go", ".markdown", ".rst", ".adoc":
		return false
	case ".dockerfile", ".containerfile":
		return true
	}
	stem, _, _ := strings.Cut(p.base, ".")
	return stem == "dockerfile" || stem == "containerfile"
}

// A dockerfile collects the images that one file is built from.
type dockerfile struct {
	file   *File
	seen   map[string]bool
	escape byte
	lines  []string
	n      int                 // how many lines were read
	first  int                 // where the current instruction began
	given  map[string]Property // what whoever builds gives to arguments
	args   map[string]Property // with the line of what gave them, 0 for their defaults
	by     int                 // the last line that gave something to the current instruction
	locals map[string]Property // of the stage, for ADD
	stages map[string]bool
	count  int // of stages
}

// maxArgument is longer than the name of any image can be: 255 bytes, 128 of a tag and
// a digest.
const maxArgument = 512

// instructions are those that there are. A builder refuses others; so do we, since
// what is not understood may be what matters.
var instructions = wordSet("from run cmd label maintainer expose env add copy entrypoint volume user workdir arg onbuild stopsignal healthcheck shell")

// parseDockerfile reads a Dockerfile as BuildKit does: directives, continued lines
// with comments between them, here-documents, arguments before the first FROM.
func parseDockerfile(path string, data []byte) (*File, error) {
	return dockerfileWith(path, data, nil)
}

// dockerfileWith reads what a Dockerfile builds from when somebody gives it arguments.
// What is made of one has its line, the rest none.
func dockerfileWith(path string, data []byte, given map[string]Property) (*File, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	d := &dockerfile{
		file: &File{Path: path, Ecosystem: Docker, Format: "dockerfile"}, seen: make(map[string]bool), escape: '\\',
		lines: strings.Split(text, "\n"), given: given, args: make(map[string]Property), stages: make(map[string]bool),
	}
	if err := d.directives(); err != nil {
		return nil, err
	}
	for d.n < len(d.lines) {
		text, ok := d.instruction()
		if !ok {
			continue
		}
		if err := d.read(text, 0); err != nil {
			return nil, err
		}
	}
	return d.file, nil
}

func (d *dockerfile) fail(format string, args ...any) error {
	return &ParseError{Path: d.file.Path, Line: min(d.first, len(d.lines)), Reason: fmt.Sprintf(format, args...)}
}

// directives are comments at the very beginning: "# syntax=" names the image that
// reads the file.
func (d *dockerfile) directives() error {
	named := make(map[string]bool)
	for i, line := range d.lines {
		body, comment := strings.CutPrefix(strings.TrimSpace(line), "#")
		if i == 0 && strings.HasPrefix(body, "!") {
			continue
		}
		name, value, pair := strings.Cut(body, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !comment || !pair || strings.ContainsAny(name, " \t") {
			return nil
		}
		d.first = i + 1
		switch {
		case named[name]:
			return d.fail("the directive %s is there twice", quote(name))
		case name == "escape" && value != "\\" && value != "`":
			return d.fail("no escape: %s", quote(value))
		case name == "escape":
			d.escape = value[0]
		case name == "syntax":
			d.n = i + 1
			if err := d.image(value, "syntax"); err != nil {
				return err
			}
			d.n = 0
		}
		named[name] = true
	}
	return nil
}

// instruction joins the lines of the next one. Comments and empty lines between
// them are dropped.
func (d *dockerfile) instruction() (text string, ok bool) {
	var b strings.Builder
	d.first = d.n + 1
	for d.n < len(d.lines) {
		line := strings.TrimRight(d.lines[d.n], " \t\r")
		d.n++
		if body := strings.TrimLeft(line, " \t"); body == "" || body[0] == '#' {
			if b.Len() == 0 {
				return "", false
			}
			continue
		}
		if line[len(line)-1] != d.escape {
			b.WriteString(line)
			return strings.TrimSpace(b.String()), true
		}
		b.WriteString(line[:len(line)-1])
		if b.Len() == 0 {
			b.WriteByte(' ')
		}
	}
	text = strings.TrimSpace(b.String())
	return text, text != ""
}

// read takes in one instruction.
func (d *dockerfile) read(text string, depth int) error {
	word, rest, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	word, rest = strings.ToLower(word), strings.TrimSpace(rest)
	if !instructions[word] {
		return d.fail("no instruction: %s", quote(word))
	}
	switch word {
	case "arg":
		d.arg(rest)
	case "from":
		return d.from(rest)
	case "onbuild":
		if depth > 0 {
			return d.fail("ONBUILD within ONBUILD")
		}
		return d.read(rest, depth+1)
	case "env":
		d.env(rest)
	case "add":
		if err := d.add(rest); err != nil {
			return err
		}
		return d.heredocs(rest)
	case "copy", "run":
		if err := d.flags(word, rest); err != nil {
			return err
		}
		return d.heredocs(rest)
	}
	return nil
}

// arg keeps the arguments before the first FROM, with what is given to them or else
// their defaults: only these are known in a FROM. Those of a stage are for it alone.
func (d *dockerfile) arg(rest string) {
	for word := range strings.FieldsSeq(rest) {
		name, value, hasDefault := strings.Cut(word, "=")
		if d.count > 0 {
			d.localArg(name, value, hasDefault)
		} else if given, is := d.given[name]; is {
			d.keep(name, given)
		} else if hasDefault {
			d.by = 0
			if value, known := d.expand(strings.Trim(value, `"'`)); known {
				d.keep(name, Property{value, d.by})
			}
		}
	}
}

func (d *dockerfile) keep(name string, value Property) {
	if len(value.Value) <= maxArgument {
		d.args[name] = value
	}
}

// from reads "FROM [--platform=…] image [AS name]".
func (d *dockerfile) from(rest string) error {
	words := strings.Fields(rest)
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		words = words[1:]
	}
	if len(words) != 1 && (len(words) != 3 || !strings.EqualFold(words[1], "as")) {
		return d.fail("no FROM: %s", quote(rest))
	}
	err := d.stageOrImage(strings.Trim(words[0], `"'`))
	if len(words) == 3 {
		d.stages[strings.ToLower(words[2])] = true
	}
	d.count++
	d.locals = nil // what a stage has of the one it is made from is not known
	return err
}

// stageOrImage: a name that an earlier stage has is that stage.
func (d *dockerfile) stageOrImage(text string) error {
	d.by = 0
	ref, known := d.expand(text)
	if !known {
		ref = text
	}
	if ref == "scratch" || d.stages[strings.ToLower(ref)] {
		return nil
	}
	return d.image(ref, "")
}

func (d *dockerfile) image(ref, group string) error {
	p, reason := imagePackage(ref)
	if reason != "" {
		return d.fail("%s", reason)
	}
	p.Group, p.Line, p.EndLine = group, d.first, d.n
	if d.given != nil {
		p.Line, p.EndLine = d.by, d.by
	}
	return d.file.addNew(p, d.seen)
}

// expand puts the defaults of arguments in. An argument without one comes from
// whoever builds: then the text is not known.
func (d *dockerfile) expand(text string) (value string, known bool) {
	return d.expandWith(text, d.args)
}

func (d *dockerfile) expandWith(text string, args map[string]Property) (value string, known bool) {
	var b strings.Builder
	for {
		before, rest, more := strings.Cut(text, "$")
		b.WriteString(before)
		if !more || b.Len() > maxArgument {
			return b.String(), !more
		}
		name, fallback, hasFallback := "", "", false
		if strings.HasPrefix(rest, "{") {
			inner, after, closed := strings.Cut(rest[1:], "}")
			if !closed {
				return "", false
			}
			name, fallback, hasFallback = strings.Cut(inner, ":-")
			text = after
		} else {
			n := 0
			for n < len(rest) && (isAlnum(rest[n]) || rest[n] == '_') {
				n++
			}
			name, text = rest[:n], rest[n:]
		}
		switch value, there := args[name]; {
		case there && value.Value != "":
			b.WriteString(value.Value)
			d.by = max(d.by, value.Line)
		case hasFallback && !strings.Contains(fallback, "$"):
			b.WriteString(fallback)
		default:
			return "", false
		}
	}
}

// flags finds the images that COPY --from and RUN --mount take files from. A number
// is a stage.
func (d *dockerfile) flags(word, rest string) error {
	for field := range strings.FieldsSeq(rest) {
		if !strings.HasPrefix(field, "--") {
			return nil
		}
		from, ok := "", false
		switch {
		case word == "copy":
			from, ok = strings.CutPrefix(field, "--from=")
		case word == "run":
			if mount, is := strings.CutPrefix(field, "--mount="); is {
				for option := range strings.SplitSeq(mount, ",") {
					key, value, is := strings.Cut(strings.TrimLeft(option, `"`), "=")
					if is && strings.EqualFold(key, "from") { // in quotation marks as a whole, or in any case
						from, ok = value, true
					}
				}
			}
		}
		from = strings.Trim(from, `"'`)
		if !ok || isDigits(from) || from == "" {
			continue
		}
		if err := d.stageOrImage(from); err != nil {
			return err
		}
	}
	return nil
}

// heredocs passes over the here-documents of an instruction: their lines are no
// instructions.
func (d *dockerfile) heredocs(rest string) error {
	for from := 0; from < len(rest); {
		word, next := shellWord(rest, from)
		from = next
		word = strings.TrimLeft(word, "0123456789")
		if !strings.HasPrefix(word, "<<") || strings.Contains(word[2:], "<") {
			continue
		}
		word, dash := strings.CutPrefix(word[2:], "-")
		if word = withoutMarks.Replace(word); word == "" {
			continue
		}
		if !d.skipTo(word, dash) {
			return d.fail("a here-document without its end %s", quote(word))
		}
	}
	return nil
}

var withoutMarks = strings.NewReplacer(`"`, "", "'", "")

// shellWord is the next word, its quotation marks included, and where it ends.
func shellWord(s string, from int) (word string, next int) {
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	open := byte(0)
	for next = from; next < len(s); next++ {
		switch c := s[next]; {
		case c == '\\' && open != '\'':
			next++
		case open == 0 && (c == ' ' || c == '\t'):
			return s[from:next], next
		case c == open:
			open = 0
		case open == 0 && (c == '"' || c == '\''):
			open = c
		}
	}
	return s[from:], len(s)
}

func (d *dockerfile) skipTo(word string, dash bool) bool {
	for d.n < len(d.lines) {
		line := strings.TrimSuffix(d.lines[d.n], "\r")
		d.n++
		if dash {
			line = strings.TrimLeft(line, "\t")
		}
		if line == word {
			return true
		}
	}
	return false
}
