package environmentvariables

import (
	"path"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// A lookup is one way of asking for a variable. Its group named name is the
// variable.
type lookup struct {
	expression *lazyregexp.Regexp
	// strict says that the program fails here without the variable. Others give
	// something empty, and require it only where nothing says what to do then.
	strict bool
	// guarded says that an empty answer is usual in the language, so that only a
	// check that ends the program makes the variable required.
	guarded bool
}

const variable = `(?P<name>[A-Za-z_][A-Za-z0-9_]*)`

func strict(e string) lookup {
	return lookup{lazyregexp.New(strings.ReplaceAll(e, "NAME", variable)), true, false}
}

func empty(e string) lookup {
	return lookup{lazyregexp.New(strings.ReplaceAll(e, "NAME", variable)), false, false}
}

func usual(e string) lookup {
	return lookup{lazyregexp.New(strings.ReplaceAll(e, "NAME", variable)), false, true}
}

// lookups by language.
var lookups = map[string][]lookup{
	"python": {
		strict(`\benviron\s*\[\s*["']NAME["']\s*\]`),
		usual(`\b(?:environ\.get|getenv)\(\s*["']NAME["']\s*,?\s*\)`),
		strict(`\b(?:env|config)(?:\.(?:str|int|bool|float|list|json|url|db|path))?\(\s*["']NAME["']\s*(?:,\s*cast\s*=\s*[\w.]+\s*)?\)`),
	},
	"javascript": {
		empty(`\bprocess\.env\.NAME\b`),
		empty(`\bprocess\.env\[\s*["']NAME["']\s*\]`),
		empty(`\bimport\.meta\.env\.NAME\b`),
		empty(`\bDeno\.env\.get\(\s*["']NAME["']\s*\)`),
		empty(`\bBun\.env\.NAME\b`),
	},
	"go": {
		empty(`\bos\.Getenv\(\s*"NAME"\s*\)`),
		usual(`\bos\.LookupEnv\(\s*"NAME"\s*\)`),
		strict("`[^`]*\\benv:\"NAME,[^\"]*(?:required|notEmpty)"),
		strict("`[^`]*\\benvconfig:\"NAME\"[^`]*required:\"true\""),
	},
	"jvm": {
		empty(`\bSystem\.getenv\(\s*"NAME"\s*\)`),
		empty(`\bSystem\.getenv\(\)\s*\[\s*"NAME"\s*\]`),
		empty(`\bSystem\.getenv\(\)\s*\.get\(\s*"NAME"\s*\)`),
		strict(`\bSystem\.getenv\(\)\.getValue\(\s*"NAME"\s*\)`),
		strict(`@Value\(\s*"\\?\$\{(?P<name>[A-Z][A-Z0-9_]*)\}"`),
	},
	"ruby": {
		strict(`\bENV\.fetch\(?\s*["']NAME["']\s*\)?`),
		usual(`\bENV\[\s*["']NAME["']\s*\]`),
	},
	"php": {
		empty(`\bgetenv\(\s*["']NAME["']\s*\)`),
		empty(`\benv\(\s*["']NAME["']\s*\)`),
		strict(`\$_ENV\[\s*["']NAME["']\s*\]`),
	},
	"rust": {
		strict(`\benv::var(?:_os)?\(\s*"NAME"\s*\)\s*(?:\.map_err\((?:[^()]|\([^()]*\))*\)\s*)?(?:\.unwrap\(\)|\.expect\(|\?|\.(?:context|with_context|wrap_err)\()`),
		strict(`\benv!\(\s*"NAME"`),
	},
	"csharp": {
		empty(`\bEnvironment\.GetEnvironmentVariable\(\s*"NAME"\s*\)`),
	},
	"shell": {
		strict(`\$\{NAME:?\?`),
	},
}

// languages by extension.
var languages = map[string]string{
	".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript", ".ts": "javascript", ".tsx": "javascript", ".mts": "javascript",
	".cts": "javascript", ".vue": "javascript", ".svelte": "javascript", ".go": "go", ".java": "jvm", ".kt": "jvm", ".kts": "jvm", ".rb": "ruby", ".rake": "ruby", ".php": "php",
	".rs": "rust", ".cs": "csharp", ".sh": "shell", ".bash": "shell", ".zsh": "shell",
}

func languageOf(name string) string { return languages[strings.ToLower(path.Ext(name))] }
