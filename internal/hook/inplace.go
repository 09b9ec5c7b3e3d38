package hook

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// stream are the options of an editor of streams.
type stream struct {
	inPlace bool
	code    []string
	files   []string
}

// streamOptions reads options of one letter: -i may have a suffix behind it, those
// of code take the rest or the next argument, and those of rest take only the rest.
func streamOptions(args []string, code, rest string) (o stream) {
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		switch {
		case a == "--":
			o.files = append(o.files, args...)
			return o
		case strings.HasPrefix(a, "--in-place"):
			o.inPlace = true
		case strings.HasPrefix(a, "--expression="), strings.HasPrefix(a, "--file="):
			_, text, _ := strings.Cut(a, "=")
			o.code = append(o.code, text)
		case (a == "--expression" || a == "--file") && len(args) > 0:
			o.code, args = append(o.code, args[0]), args[1:]
		case len(a) > 1 && a[0] == '-' && a[1] != '-':
			args = o.letters(a[1:], code, rest, args)
		case a != "" && !strings.HasPrefix(a, "--"):
			o.files = append(o.files, a)
		}
	}
	return o
}

func (o *stream) letters(letters, code, rest string, args []string) []string {
	for i := 0; i < len(letters); i++ {
		switch c := letters[i : i+1]; {
		case c == "i":
			o.inPlace = true
			return args
		case strings.Contains(code, c):
			if i+1 < len(letters) {
				o.code = append(o.code, letters[i+1:])
			} else if len(args) > 0 {
				o.code, args = append(o.code, args[0]), args[1:]
			}
			return args
		case strings.Contains(rest, c):
			return args
		}
	}
	return args
}

var sedWrites = lazyregexp.New(`(?m)(?:^|[;{}0-9$]\s*|/[gpI0-9]*)w ([^\s;}]*[^\s;}/])$`)

// sed changes files when it is told to, and its command w writes one.
func (s *script) sed(args []string, _ output) output {
	o := streamOptions(args, "ef", "l")
	if len(o.code) == 0 && len(o.files) > 0 {
		o.code, o.files = o.files[:1], o.files[1:]
	}
	for _, code := range o.code {
		for _, m := range sedWrites.FindAllStringSubmatch(code, maxValues) {
			s.write(m[1])
		}
	}
	if o.inPlace {
		s.write(o.files...)
	}
	return output{}
}

// perl and ruby change files when they are told to, or by what their code does.
func (s *script) perl(args []string, in output) output {
	o := streamOptions(args, "eE", "FmMICDxKr")
	if len(o.code) == 0 {
		if len(o.files) == 0 || o.files[0] == "-" {
			s.code(in.text)
		}
		return output{}
	}
	for _, code := range o.code {
		s.code(code)
	}
	if o.inPlace {
		s.write(o.files...)
	}
	return output{}
}

var (
	awkWrites = lazyregexp.New(`>>?\s*"([^"\n]+)"`)
	awkRuns   = lazyregexp.New(`system\(\s*"([^"\n]+)"`)
)

func (s *script) awk(args []string, _ output) output {
	o := parseOptions(args, "vFfi", "include", "assign", "file")
	if len(o.rest) == 0 {
		return output{}
	}
	for _, m := range awkWrites.FindAllStringSubmatch(o.rest[0], maxValues) {
		s.write(m[1])
	}
	for _, m := range awkRuns.FindAllStringSubmatch(o.rest[0], maxValues) {
		s.nested(m[1])
	}
	for _, library := range o.value('i', "include") {
		if library == "inplace" {
			s.write(o.rest[1:]...)
		}
	}
	return output{}
}

// interpreter looks at code that is on the line or that is read.
func (s *script) interpreter(args []string, in output) output {
	for i, a := range args {
		last := strings.TrimLeft(a, "-")
		switch {
		case i > 0 && (args[i-1] == "-X" || args[i-1] == "-W"): // what these options of Python take
		case !strings.HasPrefix(a, "-") && a != "eval", a == "-m":
			if a == "-m" && i+1 < len(args) {
				return s.program(args[i+1], args[i+2:], in)
			}
			return output{} // a script
		case a == "eval", strings.HasSuffix(last, "c"), last == "e", last == "p", last == "pe", last == "eval", last == "print", last == "r":
			if i+1 < len(args) {
				s.code(args[i+1])
			}
			return output{}
		case a == "-":
			s.code(in.text)
			return output{}
		}
	}
	s.code(in.text)
	return output{}
}

func (s *script) bun(args []string, in output) output {
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		return s.interpreter(args, in)
	}
	s.packages("bun", args)
	return output{}
}
