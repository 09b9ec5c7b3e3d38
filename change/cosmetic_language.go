package change

import "strings"

// language is one that has a scanner here.
type language int

const (
	unknownLanguage language = iota
	golang
	python
	clang
	cplusplus
	java
	javascript
	typescript
	tsx
	rust
	csharp
	kotlin
	swift
	shell
	sql
	css
	json
)

// languages go by the end of a name. YAML, Makefiles, Dockerfiles and PHP are
// left out on purpose: in them, comments and white space are too often code. So
// are Sass and its like, whose comments and white space reach the result.
var languages = map[string]language{
	".go": golang, ".py": python, ".pyi": python,
	".c": clang, ".h": clang, ".cc": cplusplus, ".cpp": cplusplus, ".cxx": cplusplus, ".hh": cplusplus, ".hpp": cplusplus, ".hxx": cplusplus, ".ipp": cplusplus, ".tpp": cplusplus,
	".java": java, ".js": javascript, ".mjs": javascript, ".cjs": javascript, ".jsx": javascript, ".tsx": tsx, ".ts": typescript, ".mts": typescript, ".cts": typescript,
	".rs": rust, ".cs": csharp, ".kt": kotlin, ".kts": kotlin, ".swift": swift, ".sh": shell, ".bash": shell, ".sql": sql, ".css": css, ".json": json, ".jsonc": json,
}

func languageOf(path string) language {
	at := strings.LastIndexByte(path, '.')
	if at < 0 {
		return unknownLanguage
	}
	return languages[path[at:]]
}

// refusals are what a language cannot be judged with, wherever it stands.
var refusals = map[language]func([]byte) bool{
	clang: cJudged, cplusplus: cJudged, java: javaJudged, javascript: javascriptJudged, typescript: javascriptJudged, tsx: javascriptJudged, rust: rustJudged, csharp: csharpJudged, kotlin: plainLines, swift: swiftJudged,
	shell: shellJudged, sql: plainLines, css: cssJudged, json: plainLines,
}

// wholly has the languages whose refusals look at the beginning of a file, or
// at several places; those of others show within a line.
var wholly = map[language]bool{rust: true, swift: true, shell: true}

// scan begins to read one side of a file whose language is known. That the number
// of a line is asked for may be true of the other side only.
func scan(path string, src []byte, asked bool) scanner {
	switch lang := languageOf(path); lang {
	case golang:
		return newGoScanner(src, strings.HasSuffix(path, "_test.go"))
	case python:
		return newPythonScanner(src)
	case shell:
		return newShellScanner(src)
	case sql:
		return newSQLScanner(src)
	case css:
		return newCSSScanner(src)
	case json:
		return newJSONScanner(src, commentedJSON(path))
	default:
		return newCurlyScanner(dialects[lang], src, asked)
	}
}

var dialects = map[language]*dialect{
	clang: cDialect, cplusplus: cplusplusDialect, java: javaDialect, javascript: javascriptDialect, typescript: typescriptDialect, tsx: tsxDialect, rust: rustDialect, csharp: csharpDialect,
	kotlin: kotlinDialect, swift: swiftDialect,
}

// inFolder reports whether a path lies in a folder of a name, at any depth.
func inFolder(path, folder string) bool {
	for rest := path; ; {
		name, tail, ok := strings.Cut(rest, "/")
		if !ok {
			return false
		}
		if name == folder {
			return true
		}
		rest = tail
	}
}
