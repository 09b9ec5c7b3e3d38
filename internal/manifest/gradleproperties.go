package manifest

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A Property is one value of a gradle.properties.
type Property struct {
	Value string
	Line  int
}

// IsGradleProperties reports whether a file holds properties for Gradle's build files.
func IsGradleProperties(path string) bool { return placeOf(path).base == "gradle.properties" }

// IsGradleBuild reports whether a file is a build file of Gradle's.
func IsGradleBuild(path string) bool { return isGradleBuild(placeOf(path)) }

// GradleProperties reads a gradle.properties as Java does: lines that go on behind a
// backslash, escapes, three marks between a name and its value; the last of two values
// of one name holds. The error is a *ParseError.
func GradleProperties(path string, data []byte) (map[string]Property, error) {
	if err := checkText(path, data); err != nil {
		return nil, err
	}
	properties := make(map[string]Property)
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), "\n")
	for n := 0; n < len(lines); n++ {
		first, text := n+1, strings.TrimLeft(lines[n], " \t\f")
		if text == "" || text[0] == '#' || text[0] == '!' {
			continue
		}
		var whole strings.Builder
		for goesOnProperty(text) && n+1 < len(lines) {
			whole.WriteString(text[:len(text)-1])
			n++
			text = strings.TrimLeft(lines[n], " \t\f")
		}
		whole.WriteString(text)
		name, value := cutProperty(whole.String())
		properties[name] = Property{oneLine(value), first}
		if len(properties) > maxAsked {
			return nil, &ParseError{Path: path, Line: first, Reason: "more than " + strconv.Itoa(maxAsked) + " properties"}
		}
	}
	return properties, nil
}

// goesOnProperty: an odd number of backslashes at the end.
func goesOnProperty(line string) bool {
	return (len(line)-len(strings.TrimRight(line, `\`)))%2 == 1
}

// cutProperty splits at the first mark or blank that no backslash stands before.
func cutProperty(line string) (name, value string) {
	end := 0
	for end < len(line) && strings.IndexByte("=: \t\f", line[end]) < 0 {
		if line[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(line))
	value = strings.TrimLeft(line[end:], " \t\f")
	if value != "" && (value[0] == '=' || value[0] == ':') {
		value = strings.TrimLeft(value[1:], " \t\f")
	}
	return unescapeProperty(line[:end]), unescapeProperty(value)
}

func unescapeProperty(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 't', 'n', 'r', 'f':
			b.WriteByte(' ')
		case 'u':
			code, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16)
			if err == nil {
				b.WriteRune(rune(code))
				i = min(i+4, len(s)-1)
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// UsesOfProperties finds the packages of build files whose coordinates or versions are
// made of properties that changed, under their own names or under those that the build
// files give them; with what they were and what they are. The texts are those of the
// build files, by their paths.
func UsesOfProperties(path string, old, now map[string]Property, texts map[string][]byte) Use {
	changed := changedProperties(old, now)
	u := Use{Before: File{Path: path, Ecosystem: Maven, Format: "gradle-build"}, After: File{Path: path, Ecosystem: Maven, Format: "gradle-build"}}
	paths := slices.Sorted(maps.Keys(texts))
	otherNames(changed, paths, texts)
	seen := make(map[string]bool)
	for _, p := range paths {
		f, err := parseGradleBuild(p, texts[p])
		if err != nil {
			if name, is := firstNamed(string(texts[p]), changed); is {
				u.Computed = append(u.Computed, name)
			}
			continue
		}
		u.take(f, changed, seen)
	}
	u.Computed = slices.Compact(sorted(u.Computed))
	return u
}

// changedProperties are those that have another value, with both. A value that is longer
// than any version is known by its digest: it may stand in every line of a build file.
func changedProperties(old, now map[string]Property) map[string][2]Property {
	changed := make(map[string][2]Property)
	for _, side := range []map[string]Property{old, now} {
		for name := range side {
			was, is := old[name], now[name]
			if was.Value == is.Value {
				continue
			}
			was.Value, is.Value = shortValue(was.Value), shortValue(is.Value)
			changed[name] = [2]Property{was, is}
		}
	}
	for name := range maps.Clone(changed) {
		if property, is := strings.CutPrefix(name, "systemProp."); is { // for System.getProperty
			changed[property] = changed[name]
		}
	}
	return changed
}

func shortValue(s string) string {
	if len(s) <= maxArgument {
		return s
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s)))
}

// take adds what one build file makes of the names.
func (u *Use) take(f *File, changed map[string][2]Property, seen map[string]bool) {
	for i := range f.Packages {
		p := &f.Packages[i]
		before, after, line := *p, *p, 0
		for _, part := range []func(*Package) *string{func(p *Package) *string { return &p.Name }, func(p *Package) *string { return &p.Spec }, func(p *Package) *string { return &p.Source }} {
			was, is, at := putProperties(*part(p), changed)
			*part(&before), *part(&after), line = was, is, max(line, at)
		}
		if before.Name == after.Name && before.Spec == after.Spec && before.Source == after.Source {
			continue
		}
		key := identity(&after) + "\x00" + fingerprint(&before) + "\x00" + fingerprint(&after)
		if seen[key] {
			continue
		}
		seen[key] = true
		for _, side := range []*Package{&before, &after} {
			side.Line, side.EndLine = line, line
			side.Pinned = mavenPinned(side.Spec) && !strings.Contains(side.Spec, "$")
		}
		u.Before.Packages, u.After.Packages = append(u.Before.Packages, before), append(u.After.Packages, after)
	}
	for _, part := range f.Unread {
		if name, is := firstNamed(part.Text, changed); is && name != "version" {
			u.Computed = append(u.Computed, name)
		}
	}
}

// otherNames adds the names that get their values from a property: twice, since one of
// them may be handed on.
func otherNames(changed map[string][2]Property, paths []string, texts map[string][]byte) {
	for range 2 {
		before := len(changed)
		for _, p := range paths {
			for line := range strings.Lines(string(texts[p])) {
				name, value, is := givenName(line)
				if _, known := changed[name]; !is || known || len(changed) > maxAsked {
					continue
				}
				if from, is := firstNamed(value, changed); is {
					changed[name] = changed[from]
				}
			}
		}
		if len(changed) == before {
			return
		}
	}
}

// givenName finds how a line gives a value a name: "val x = …", "ext['x'] = …".
func givenName(line string) (name, value string, is bool) {
	for from := 0; ; from++ {
		at := strings.IndexByte(line[from:], '=')
		if at < 0 {
			return "", "", false
		}
		before := strings.TrimRight(strings.TrimRight(line[from:from+at], " \t"), `"'])`)
		start := len(before)
		for start > 0 && (isAlnum(before[start-1]) || before[start-1] == '_') {
			start--
		}
		from += at
		if name = strings.TrimLeft(before[start:], "0123456789"); name != "" {
			return name, line[from+1:], true
		}
	}
}

// firstNamed is the first word of a text that is one of the names; of "project.name"
// or "names.one" a part of it.
func firstNamed(text string, changed map[string][2]Property) (string, bool) {
	for at := 0; at < len(text); {
		word := gradleWord(text[at:])
		if word == "" {
			at++
			continue
		}
		at += len(word)
		last := word[strings.LastIndexByte(word, '.')+1:]
		first, _, _ := strings.Cut(word, ".")
		for _, name := range []string{word, last, first, strings.TrimPrefix(word, "project.")} {
			if _, is := changed[name]; is {
				return name, true
			}
		}
	}
	return "", false
}

// gradleWord is the word that a text begins with, with its parts.
func gradleWord(text string) string {
	n := 0
	for n < len(text) && (isAlnum(text[n]) || text[n] == '_' || n > 0 && (text[n] == '.' || text[n] == '-')) {
		n++
	}
	if n > 0 && text[0] <= '9' {
		return ""
	}
	return text[:n]
}

// putProperties puts the values before and after the change into "$name" and "${…}".
// Of what nobody writes as a version, that it changed is enough.
func putProperties(text string, changed map[string][2]Property) (was, is string, line int) {
	rest, first := text, ""
	var before, after strings.Builder
	for len(text) <= maxSpec && before.Len()+after.Len() <= maxSpec {
		plain, behind, more := strings.Cut(rest, "$")
		before.WriteString(plain)
		after.WriteString(plain)
		if !more {
			return before.String(), after.String(), line
		}
		expression := ""
		expression, rest = gradleExpression(behind)
		name, known := firstNamed(expression, changed)
		if !known {
			before.WriteString("$" + expression)
			after.WriteString("$" + expression)
			continue
		}
		if first == "" {
			first = name
		}
		before.WriteString(changed[name][0].Value)
		after.WriteString(changed[name][1].Value)
		line = max(line, changed[name][1].Line)
	}
	if first == "" {
		first, _ = firstNamed(text, changed)
	}
	return changed[first][0].Value, changed[first][1].Value, changed[first][1].Line
}

// gradleExpression is what a "$" stands before, and what is behind it.
func gradleExpression(text string) (expression, behind string) {
	if inner, is := strings.CutPrefix(text, "{"); is {
		if expression, behind, closed := strings.Cut(inner, "}"); closed {
			return expression, behind
		}
	}
	n := len(gradleDollar.FindString(text))
	return text[:n], text[n:]
}

var gradleDollar = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`)
