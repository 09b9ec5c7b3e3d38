package testset

import (
	"slices"
	"strings"
)

// maxTitle is how far into a call its title is looked for, in bytes.
const maxTitle = 1000

func (r *jsReader) read(at []int) (b jsBlock, ok bool) {
	text, code, ends := r.text, r.code, r.ends
	head := code[at[2]:at[3]]
	b.from = at[2]
	open := at[4]
	words := strings.Split(head, ".")
	first := words[0]
	b.suite = strings.HasSuffix(first, "describe") || first == "context" || first == "suite" || slices.Contains(words[1:], "describe")
	b.only = slices.Contains(words, "only") || first == "fit" || first == "fdescribe"
	b.skipped = first[0] == 'x' || slices.ContainsFunc(words, func(w string) bool {
		return w == "skip" || w == "todo" || w == "fixme" || w == "skipIf" || w == "runIf" || w == "fails" || w == "failing"
	})
	b.skipped = b.skipped || strings.Contains(head, ":") // one of two
	b.repeats = slices.Contains(words[1:], "each") || slices.Contains(words[1:], "for")
	last := words[len(words)-1]
	if code[open] == '`' { // each`table`(…)
		close := strings.IndexByte(code[open+1:], '`')
		if close < 0 {
			return b, false
		}
		open += close + 2
	} else if last == "each" || last == "for" || last == "skipIf" || last == "runIf" {
		end, known := ends[open]
		if !known {
			return b, false
		}
		open = end + 1
	}
	for open < len(code) && (code[open] == ' ' || code[open] == '\n' || code[open] == '\t' || code[open] == '\r') {
		open++
	}
	end, known := ends[open]
	if !known || open >= len(code) || code[open] != '(' {
		return b, false
	}
	b.to, b.open = end+1, open
	r.option(&b, end)
	end = min(end, open+maxTitle)
	arg := strings.TrimSpace(code[open+1 : end])
	if arg != "" && strings.IndexByte("\"'`", arg[0]) >= 0 {
		if b.name = firstText(text[open:end], code[open:end]); b.name != "" {
			b.repeats = b.repeats || strings.Contains(b.name, "${")
			return b, true
		}
	}
	name, _, _ := strings.Cut(arg, ",")
	b.name = strings.TrimSpace(name)
	return b, b.name != "" && len(arg) > len(name) && !strings.ContainsAny(b.name, "\n{};")
}

// option reads what stands between the title of a call and its function.
func (r *jsReader) option(b *jsBlock, end int) {
	comma := r.commas.next(b.open)
	if comma >= end {
		b.skipped = b.skipped || !b.suite // no function: it is to be written
		return
	}
	option := r.code[comma:min(end, comma+reach)]
	option, _, _ = strings.Cut(option, ")")
	option, _, _ = strings.Cut(option, "=>")
	b.skipped = b.skipped || jsOption.MatchString(option)
}

// firstText is the first text of a call that is not empty; code is it, masked.
func firstText(text, code string) string {
	for at := 0; at < len(code); at++ {
		ends := "\"`"
		switch code[at] {
		case '\'':
			ends = "'"
		case '"', '`':
		default:
			continue
		}
		end := strings.IndexAny(code[at+1:], ends)
		if end < 0 {
			return ""
		}
		if end > 0 {
			return text[at+1 : at+1+end]
		}
		at++
	}
	return ""
}
