package environmentvariables

import (
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	classHead   = lazyregexp.New(`^class\s+(\w+)\s*(?:\(([^)]*)\))?\s*:`)
	classField  = lazyregexp.New(`^\s+([A-Za-z]\w*)\s*:\s*([^=]*[^=\s])\s*(?:=\s*(.*))?$`)
	fieldPrefix = lazyregexp.New(`\benv_prefix\s*=\s*["'](\w*)["']`)
	fieldAlias  = lazyregexp.New(`\b(?:validation_alias|alias|env)\s*=\s*["'](\w+)["']`)
	fieldFirst  = lazyregexp.New(`\bField\(\s*(?:\.\.\.|\w+\s*=[^=]|\)|$)`)
	fieldGiven  = lazyregexp.New(`\bdefault(?:_factory)?\s*=|\bAliasChoices\b`)
	fieldOther  = lazyregexp.New(`\b(?:ClassVar|Optional|None)\b`)
	// fieldPlain are types that one variable holds; others are parts with fields of
	// their own, or cannot be told from those.
	fieldPlain = lazyregexp.New(`^(?:\w+\.)?(?:str|int|float|bool|bytes|Secret\w*|\w*Url|\w*Dsn|\w*Path|EmailStr|Literal|[Ll]ist|[Ss]et|[Dd]ict|[Tt]uple|Decimal|UUID\w*|timedelta|datetime|Annotated|constr|conint|Positive\w+|NonNegative\w+|IPv\w+|Json)\b`)
	fieldFiles = lazyregexp.New(`\b(?:yaml_file|toml_file|json_file|secrets_dir|settings_customise_sources|pyproject_toml\w*)\b`)
)

// A field of a class of settings is a variable.
type field struct {
	name  string
	line  int
	alias bool
}

// settings reads the classes of pydantic whose fields are variables. Their prefix
// may stand below them.
func (r *reader) settings(text string) {
	if !strings.Contains(text, "BaseSettings") || fieldFiles.MatchString(text) {
		return // without settings, or with others than variables
	}
	classes := make(map[string]bool)
	for i := 0; i < len(r.lines); i++ {
		m := classHead.FindStringSubmatch(r.lines[i])
		if m == nil {
			continue
		}
		if isSettings(m[2], classes) {
			classes[m[1]] = true
			i = r.class(i + 1)
		}
	}
}

func isSettings(parents string, classes map[string]bool) bool {
	for p := range strings.SplitSeq(parents, ",") {
		p = strings.TrimSpace(p)
		if name := p[strings.LastIndexByte(p, '.')+1:]; name == "BaseSettings" || classes[name] {
			return true
		}
	}
	return false
}

// class reads the body of one and returns its last line.
func (r *reader) class(from int) int {
	var fields []field
	prefix, exact, depth := "", false, 0
	last := from
	for ; last < len(r.lines); last++ {
		l := r.lines[last]
		if strings.TrimSpace(l) == "" {
			continue
		}
		if indent(l) == 0 && l[0] != ')' {
			break
		}
		if depth == 0 {
			depth = indent(l)
		}
		if m := fieldPrefix.FindStringSubmatch(l); m != nil {
			prefix = m[1]
		}
		exact = exact || strings.Contains(l, "case_sensitive") && strings.Contains(l, "True")
		if indent(l) == depth {
			fields = append(fields, r.field(last)...)
		}
	}
	for _, f := range fields {
		name := f.name
		if !f.alias {
			name = prefix + name
		}
		if !exact {
			name = strings.ToUpper(name)
		}
		if r.looked++; shouting.MatchString(name) {
			r.add(name, f.line, true)
		}
	}
	return last - 1
}

// field reads one, unless it has a default or is a part with fields of its own.
func (r *reader) field(i int) []field {
	m := classField.FindStringSubmatch(r.lines[i])
	if m == nil || strings.HasPrefix(m[1], "model_") || fieldOther.MatchString(m[2]) || !fieldPlain.MatchString(m[2]) {
		return nil
	}
	statement := r.lines[i]
	for j := i + 1; j < len(r.lines) && j < i+6 && strings.Count(statement, "(") > strings.Count(statement, ")"); j++ {
		statement += " " + strings.TrimSpace(r.lines[j])
	}
	if m[3] != "" && (!fieldFirst.MatchString(statement) || !strings.HasPrefix(m[3], "Field(")) || fieldGiven.MatchString(statement) {
		return nil
	}
	if a := fieldAlias.FindStringSubmatch(statement); a != nil {
		return []field{{a[1], i, true}}
	}
	return []field{{m[1], i, false}}
}
