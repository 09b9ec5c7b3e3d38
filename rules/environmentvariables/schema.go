package environmentvariables

import (
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	schemaEntry = lazyregexp.New(`^\s*["']?([A-Z][A-Z0-9_]+)["']?\s*:\s*(z|v|[Jj]oi|yup|str|num|bool|url|email|port|host|json|testOnly)(?:\s*$|[.(])`)
	schemaLoose = lazyregexp.New(`\.(?:optional|default|nullish|catch|prefault)\(|\b(?:optional|nullish|fallback)\(|\bdefault\s*:`)
	schemaFirm  = lazyregexp.New(`\.required\(`)
)

// schemas reads what libraries check the environment against: an entry of zod,
// valibot and envalid is required unless it says otherwise, one of joi and yup
// when it says so.
func (r *reader) schemas(text string) {
	checks := strings.Contains(text, "process.env") || strings.Contains(text, "import.meta.env") || strings.Contains(text, "createEnv(") || strings.Contains(text, "validationSchema")
	if !checks {
		return
	}
	for i, l := range r.lines {
		if !strings.Contains(l, ":") || !mayShout(l) {
			continue
		}
		m := schemaEntry.FindStringSubmatch(l)
		if m == nil || len(m[2]) > 1 && m[2][len(m[2])-1] != 'i' && m[2] != "yup" && !strings.Contains(text, "cleanEnv") {
			continue
		}
		entry := r.entry(i)
		firm := !schemaLoose.MatchString(entry)
		if strings.EqualFold(m[2], "joi") || m[2] == "yup" {
			firm = schemaFirm.MatchString(entry) && firm
		}
		if r.looked++; firm {
			r.add(m[1], i, true)
		} else {
			r.optional[m[1]] = true
		}
	}
}

// entry is the text of one, over the lines that it goes on for.
func (r *reader) entry(i int) string {
	text := r.lines[i]
	for j := i + 1; j < len(r.lines) && j < i+12; j++ {
		t := strings.TrimSpace(r.lines[j])
		if strings.HasPrefix(t, "}") || schemaKey.MatchString(t) {
			break
		}
		text += t
	}
	return text
}

var schemaKey = lazyregexp.New(`^["']?[A-Z][A-Z0-9_]+["']?\s*:`)

var (
	requiredList = lazyregexp.New(`(?i)\b\w*(?:required|mandatory)\w*\s*(?::[^=]*)?:?=\s*(?:\[\]string\s*)?[\[({]`)
	otherList    = lazyregexp.New(`(?i)^[^=]*(?:field|column|header|param|arg|perm|role|scope|file|package|module|type|method)`)
	quotedName   = lazyregexp.New(`["']([A-Z][A-Z0-9_]+)["']`)
)

// lists reads the lists that programs go through to see whether all is there that
// they require, as their name says.
func (r *reader) lists(text string) {
	if !containsAny(text, "equired", "EQUIRED", "andatory", "ANDATORY") || !containsAny(text, fatal...) ||
		!asksByName(text, r.language) && !strings.Contains(text, "in os.environ") {
		return
	}
	for i := 0; i < len(r.lines); i++ {
		l := r.lines[i]
		if !strings.Contains(l, "=") || !containsAny(l, "equired", "EQUIRED", "andatory", "ANDATORY") || !requiredList.MatchString(l) || otherList.MatchString(l) {
			continue
		}
		if r.looked++; r.looked > maxLookups {
			return
		}
		for end := min(i+maxParts, len(r.lines)); i < end; i++ {
			for _, m := range quotedName.FindAllStringSubmatch(r.lines[i], 50) {
				r.looked++
				r.add(m[1], i, true)
			}
			if strings.ContainsAny(r.lines[i], "])}") {
				break
			}
		}
	}
}

// fatal are words of which one stands in every program that ends itself.
var fatal = []string{"raise", "panic", "throw", "abort", "exit", "die", "atal", "rror"}

func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}
