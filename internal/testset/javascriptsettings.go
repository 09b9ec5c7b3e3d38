package testset

import (
	"encoding/json"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// jsonStrings are the texts and lists of texts of a JSON object, by name.
func jsonStrings(data []byte) map[string][]string {
	var object map[string]json.RawMessage
	settings := make(map[string][]string)
	if json.Unmarshal(data, &object) != nil {
		return settings
	}
	for name, raw := range object {
		var one string
		var many []string
		if json.Unmarshal(raw, &one) == nil {
			settings[name] = []string{one}
		} else if json.Unmarshal(raw, &many) == nil {
			settings[name] = many
		}
	}
	return settings
}

var jsSetting = lazyregexp.New(`\b(testMatch|testRegex|testPathIgnorePatterns|roots|rootDir|include|exclude|dir|spec|ignore|grep|testNamePattern)['"]?\s*:\s*`)

// jsLiterals reads the settings of a program where they are literals; what is not
// is opaque. include and exclude count only below "test".
func (c *collector) jsLiterals(p, text string) map[string][]string {
	settings := make(map[string][]string)
	code := mask(text, javascript)
	from := 0
	if strings.Contains(path.Base(p), "vite") {
		if at := regexp.MustCompile(`\btest\s*:\s*\{`).FindStringIndex(code); at != nil {
			from = at[1]
		}
	}
	for _, at := range jsSetting.FindAllStringSubmatchIndex(code[from:], maxSettings) {
		name := code[from+at[2] : from+at[3]]
		start := from + at[1]
		end := jsValueEnd(code, start)
		if _, known := settings[name]; known || jsDepthOther(code[from:from+at[0]]) {
			continue
		}
		settings[name] = []string{}
		for _, s := range pythonStrings(text[start:end], code[start:end]) {
			if u, err := strconv.Unquote(`"` + s + `"`); err == nil {
				s = u
			}
			settings[name] = append(settings[name], s)
		}
		if end == len(code) || strings.Contains(text[start:end], "${") {
			c.opaque(p, lineAt(text, start), name+" is made by code")
			delete(settings, name)
			continue
		}
		if rest := strings.Trim(strings.NewReplacer("`", "", "...configDefaults.exclude", "", "...configDefaults.include", "").Replace(stringsOut(code[start:end])), " \t\r\n[],"); rest != "" {
			c.opaque(p, lineAt(text, start), name+" is made by code")
		}
		if len(settings[name]) == 0 {
			delete(settings, name)
		}
	}
	return settings
}

// maxSettings is how many settings of one configuration are read.
const maxSettings = 300

// jsDepthOther reports whether a place is within an object inside the one that was
// entered, such as coverage: {include: …}.
func jsDepthOther(before string) bool {
	at := strings.LastIndex(before, "coverage")
	if at < 0 {
		return false
	}
	return strings.Count(before[at:], "{") > strings.Count(before[at:], "}")
}

// jsValueEnd is the end of a value: a comma, a closing bracket or a line end
// outside brackets.
func jsValueEnd(code string, from int) int {
	depth := 0
	for i := from; i < len(code); i++ {
		switch code[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return i
			}
		case ',', '\n', ';':
			if depth == 0 && i > from {
				return i
			}
		}
	}
	return len(code)
}
