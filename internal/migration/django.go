package migration

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

var (
	alterField = lazyregexp.New(`^migrations\.AlterField\(\s*(?:model_name\s*=\s*)?["'](\w+)["']\s*,\s*(?:name\s*=\s*)?["'](\w+)["']\s*,\s*(?:field\s*=\s*)?(?:\w+\.)*(\w+)\(`)
	modelClass = lazyregexp.New(`(?m)^class\s+(\w+)\b[^\n]*:`)
	modelField = lazyregexp.New(`(?m)^[ \t]+(\w+)[ \t]*(?::[^=\n]*)?=[ \t]*(?:\w+\.)*(\w+)\(`)
	sized      = lazyregexp.New(`\b(?:max_length|max_digits|decimal_places)\s*=\s*(\d+)`)
)

// A DjangoField is a field of a model as it is written down.
type DjangoField struct {
	Model, Name, Type, Size string
	Line                    int
}

// AlteredFields are the fields that a migration of Django's defines anew.
func AlteredFields(text string) []DjangoField {
	code := withoutComments(".py", text)
	var list []DjangoField
	line, counted := 1, 0
	const begin = "migrations.AlterField("
	for at := strings.Index(code, begin); at >= 0 && len(list) < MaxSteps; {
		line += strings.Count(code[counted:at], "\n")
		counted = at
		if m := alterField.FindStringSubmatch(code[at:min(len(code), at+maxCall)]); m != nil {
			list = append(list, DjangoField{strings.ToLower(m[1]), m[2], strings.ToLower(m[3]), sizeOf(code[at+len(m[0]):]), line})
		}
		next := strings.Index(code[at+len(begin):], begin)
		if next < 0 {
			break
		}
		at += len(begin) + next
	}
	return list
}

// sizeOf is how much a field holds, by the arguments of its call.
func sizeOf(call string) string {
	inside, _ := arguments(call)
	var sizes []string
	for _, m := range sized.FindAllStringSubmatch(inside, 3) {
		sizes = append(sizes, m[1])
	}
	return strings.Join(sizes, ",")
}

// Models are the fields of the models of a module, by their lower-case model and their
// name with a full stop between.
func Models(text string) map[string]DjangoField {
	code := withoutComments(".py", text)
	fields := make(map[string]DjangoField)
	classes := modelClass.FindAllStringSubmatchIndex(code, -1)
	for i, c := range classes {
		end := len(code)
		if i+1 < len(classes) {
			end = classes[i+1][0]
		}
		model := strings.ToLower(code[c[2]:c[3]])
		for _, m := range modelField.FindAllStringSubmatchIndex(code[c[1]:end], -1) {
			body := code[c[1]:end]
			name := body[m[2]:m[3]]
			fields[model+"."+name] = DjangoField{Model: model, Name: name, Type: strings.ToLower(body[m[4]:m[5]]), Size: sizeOf(body[m[1]:])}
		}
	}
	return fields
}

// Altered is the step that a field comes to that was another one before.
func (f DjangoField) Altered(before DjangoField) (Step, bool) {
	if holds(before.Type, before.Size, f.Type, f.Size) {
		return Step{}, false
	}
	return Step{retypes, narrows, "AlterField " + f.Model + "." + f.Name, f.Line}, true
}

// App is the folder of the app of Django's that a migration is of.
func App(p string) string { return path.Dir(path.Dir(p)) }
