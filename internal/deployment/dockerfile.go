package deployment

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"
)

// A Setting is a value that a file gives a variable.
type Setting struct {
	Value string
	Line  int
}

// A Copy is one COPY or ADD from the build context.
type Copy struct{ From, To string }

// A Dockerfile is what the last stage of one says of the image, together with
// the stages that it is built upon.
type Dockerfile struct {
	From    string // the image at the bottom
	Env     map[string]Setting
	Expose  []Word
	Entry   []Word // of ENTRYPOINT
	Command []Word // of CMD
	Copies  []Copy
	Workdir string
}

// maxDockerfile bounds what is read of one, in bytes.
const maxDockerfile = 1 << 20

// ReadDockerfile reads a Dockerfile; target names its stage, "" for the last.
// Docker reads nearly anything, and so does this: an instruction that it does
// not know says nothing.
func ReadDockerfile(data []byte, target string) Dockerfile {
	stages := make(map[string]Dockerfile)
	d := Dockerfile{Env: map[string]Setting{}}
	if len(data) > maxDockerfile {
		return d
	}
	name := ""
	for _, in := range instructions(data) {
		if in.name == "FROM" {
			if stages[name] = d; name != "" && strings.EqualFold(name, target) {
				return d
			}
			d, name = stage(in.rest, stages)
			continue
		}
		d.apply(in)
	}
	return d
}

// stage begins one, upon another or an image.
func stage(rest string, stages map[string]Dockerfile) (Dockerfile, string) {
	words := strings.Fields(rest)
	for len(words) > 0 && strings.HasPrefix(words[0], "--") {
		words = words[1:]
	}
	if len(words) == 0 {
		return Dockerfile{Env: map[string]Setting{}}, ""
	}
	d, name := Dockerfile{From: words[0], Env: map[string]Setting{}}, ""
	if below, ok := stages[strings.ToLower(words[0])]; ok {
		env := make(map[string]Setting, len(below.Env))
		for k, v := range below.Env {
			env[k] = v
		}
		d, d.Env = below, env
	}
	if len(words) >= 3 && strings.EqualFold(words[1], "as") {
		name = strings.ToLower(words[2])
	}
	return d, name
}

type instruction struct {
	name, rest string
	line       int
}

// instructions joins lines that go on and leaves comments out.
func instructions(data []byte) []instruction {
	var list []instruction
	var text strings.Builder
	start, line := 0, 0
	flush := func() {
		name, rest, _ := strings.Cut(strings.TrimLeft(text.String(), " \t"), " ")
		if name != "" {
			list = append(list, instruction{strings.ToUpper(name), strings.TrimLeft(rest, " \t"), start})
		}
		text.Reset()
	}
	for raw := range bytes.Lines(data) {
		line++
		l := strings.TrimRight(string(raw), "\r\n\t ")
		if t := strings.TrimLeft(l, " \t"); t == "" || t[0] == '#' {
			if text.Len() > 0 {
				text.WriteString("\\\n") // keeps the count of lines
			}
			continue
		}
		if text.Len() == 0 {
			start = line
		}
		if body, more := strings.CutSuffix(l, "\\"); more {
			text.WriteString(body + "\\\n")
			continue
		}
		text.WriteString(l)
		flush()
	}
	flush()
	return list
}

func (d *Dockerfile) apply(in instruction) {
	switch in.name {
	case "ENV":
		d.env(in)
	case "EXPOSE":
		for _, w := range flat(in.rest, in.line) {
			port, _, _ := strings.Cut(w.Text, "/")
			d.Expose = append(d.Expose, Word{port, w.Line})
		}
	case "CMD":
		d.Command = execOrShell(in)
	case "ENTRYPOINT":
		d.Entry, d.Command = execOrShell(in), nil
	case "WORKDIR":
		if w := flat(in.rest, in.line); len(w) > 0 {
			d.Workdir = path.Join("/", d.Workdir, w[0].Text)
			if path.IsAbs(w[0].Text) {
				d.Workdir = path.Clean(w[0].Text)
			}
		}
	case "COPY", "ADD":
		d.copies(in)
	}
}

// env reads both forms of ENV.
func (d *Dockerfile) env(in instruction) {
	words := flat(in.rest, in.line)
	if len(words) >= 2 && !strings.Contains(words[0].Text, "=") {
		_, value, _ := strings.Cut(strings.TrimSpace(in.rest), " ")
		d.Env[words[0].Text] = Setting{strings.Trim(strings.TrimSpace(value), `"'`), in.line}
		return
	}
	for _, w := range words {
		if name, value, ok := strings.Cut(w.Text, "="); ok {
			d.Env[name] = Setting{value, w.Line}
		}
	}
}

// copies notes what comes from the build context.
func (d *Dockerfile) copies(in instruction) {
	var words []string
	for _, w := range execOrShell(in) {
		if strings.HasPrefix(w.Text, "--from") {
			return
		}
		if !strings.HasPrefix(w.Text, "--") {
			words = append(words, w.Text)
		}
	}
	if len(words) < 2 {
		return
	}
	to := words[len(words)-1]
	if folder := strings.HasSuffix(to, "/") || to == "."; !path.IsAbs(to) {
		if to = path.Join("/", d.Workdir, to); folder {
			to += "/"
		}
	}
	for _, from := range words[:len(words)-1] {
		d.Copies = append(d.Copies, Copy{from, to})
	}
}

// flat are the words of one instruction.
func flat(rest string, line int) []Word {
	var words []Word
	for _, c := range Commands(rest, line) {
		words = append(words, c...)
	}
	return words
}

// execOrShell reads both forms; the shell form becomes "sh -c TEXT".
func execOrShell(in instruction) []Word {
	rest := strings.ReplaceAll(in.rest, "\\\n", "\n")
	var list []string
	if strings.HasPrefix(rest, "[") && json.Unmarshal([]byte(rest), &list) == nil {
		words := make([]Word, len(list))
		line, at := in.line, 0
		for i, w := range list {
			quoted := `"` + w + `"`
			if n := strings.Index(rest[at:], quoted); n >= 0 {
				line += strings.Count(rest[at:at+n], "\n")
				at += n + len(quoted)
			}
			words[i] = Word{w, line}
		}
		return words
	}
	if in.name == "COPY" || in.name == "ADD" {
		return flat(in.rest, in.line)
	}
	return []Word{{"sh", in.line}, {"-c", in.line}, {in.rest, in.line}}
}
