package testset

import "strings"

// A section is one of an INI file, as Python's tools read it.
type section struct {
	name string
	keys []iniKey
}

type iniKey struct {
	name, value string // the lines of a value are joined by line feeds
	line        int
	more        []string // lines that are not joined yet
}

func (s *section) get(name string) string {
	for _, k := range s.keys {
		if k.name == name {
			return k.value
		}
	}
	return ""
}

func (s *section) lineOf(name string) int {
	for _, k := range s.keys {
		if k.name == name {
			return k.line
		}
	}
	return 0
}

// parseINI reads sections. Indented lines continue a value; comments stand on
// lines of their own, or after a blank.
func parseINI(text string) []*section {
	var list []*section
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, " \t\r\n")
		body := strings.TrimSpace(line)
		if body == "" || body[0] == '#' || body[0] == ';' {
			continue
		}
		if at := strings.Index(body, " #"); at >= 0 {
			body = strings.TrimSpace(body[:at])
		}
		switch indented := line[0] == ' ' || line[0] == '\t'; {
		case body[0] == '[' && strings.HasSuffix(body, "]") && !indented:
			list = append(list, &section{name: strings.TrimSpace(body[1 : len(body)-1])})
		case len(list) == 0:
		case indented && len(list[len(list)-1].keys) > 0:
			k := &list[len(list)-1].keys[len(list[len(list)-1].keys)-1]
			k.more = append(k.more, body)
		default:
			at := strings.IndexAny(body, "=:")
			if at < 0 {
				continue
			}
			s := list[len(list)-1]
			s.keys = append(s.keys, iniKey{name: strings.TrimSpace(body[:at]), value: strings.TrimSpace(body[at+1:]), line: n})
		}
	}
	for _, s := range list {
		for i := range s.keys {
			k := &s.keys[i]
			k.value = strings.TrimPrefix(strings.Join(append([]string{k.value}, k.more...), "\n"), "\n")
		}
	}
	return list
}
