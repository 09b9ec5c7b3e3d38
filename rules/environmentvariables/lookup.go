package environmentvariables

import (
	"path"
	"slices"
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
	// ending says that it is one only where what follows ends the program, and
	// prefixed that its name may stand in a block with a prefix.
	ending, prefixed bool
	// argument says that it stands before an argument of the program, whose type
	// says whether it is required.
	argument bool
}

const variable = `(?P<name>[A-Za-z_][A-Za-z0-9_]*)`

func expression(e string) *lazyregexp.Regexp {
	return lazyregexp.New(strings.ReplaceAll(e, "NAME", variable))
}

func strict(e string) lookup { return lookup{expression: expression(e), strict: true} }
func empty(e string) lookup  { return lookup{expression: expression(e)} }
func usual(e string) lookup  { return lookup{expression: expression(e), guarded: true} }

// environs is a lookup whose name may stand in a block with a prefix.
func environs(e string) lookup {
	return lookup{expression: expression(e), strict: true, prefixed: true}
}

// ending is a lookup that requires its variable when what follows ends the program.
func ending(e string) lookup { return lookup{expression: expression(e), strict: true, ending: true} }

func argument(e string) lookup { return lookup{expression: expression(e), argument: true} }

// hints are what a line with a lookup has, by language.
var hints = map[string][]string{
	"python": {"env", "config("}, "javascript": {"env", "getOrThrow"}, "go": {"env", "Env"}, "jvm": {"getenv", "${"}, "ruby": {"ENV"}, "php": {"env(", "_ENV", "_SERVER"},
	"rust": {"env"}, "csharp": {"Environment", "onfig", "GetRequired"}, "shell": {"?", "="}, "spring": {"${"},
}

// lookups by language.
var lookups = map[string][]lookup{
	"python": {
		strict(`\benviron\s*\[\s*["']NAME["']\s*\]`),
		usual(`\b(?:environ\.get|getenv)\(\s*["']NAME["']\s*,?\s*\)`),
		environs(`\b(?:env|config)(?:\.(?:str|int|bool|float|list|tuple|dict|json|bytes|decimal|path|url|db|cache|email|search|(?:db|cache|email|search|channels)_url))?\(\s*["']NAME["']\s*,?\s*(?:(?:sub)?cast\s*=\s*[\w.]+(?:\([^()]*\))?\s*)?\)`),
	},
	"javascript": {
		empty(`\bprocess\.env\.NAME\b`),
		empty(`\bprocess\.env\[\s*["']NAME["']\s*\]`),
		empty(`\bimport\.meta\.env\.NAME\b`),
		empty(`\bDeno\.env\.get\(\s*["']NAME["']\s*\)`),
		empty(`\bBun\.env\.NAME\b`),
		strict(`\.getOrThrow(?:<[^<>()]*>)?\(\s*["']NAME["']`),
		strict(`\.get\(\s*["']NAME["']\s*\)\.required\(`),
	},
	"go": {
		empty(`\bos\.Getenv\(\s*"NAME"\s*\)`),
		usual(`\bos\.LookupEnv\(\s*"NAME"\s*\)`),
		strict("`[^`]*\\benv:\"NAME,[^\"]*(?:required|notEmpty)"),
		strict("`[^`]*\\benv(?:config)?:\"NAME\"[^`]*\\bvalidate:\"(?:[^\"]*,)?required[,\"]"),
		strict("`[^`]*\\benvconfig:\"NAME\"[^`]*required:\"true\""),
		strict("`[^`]*required:\"true\"[^`]*\\benvconfig:\"NAME\""),
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
		strict(`\$_(?:ENV|SERVER)\[\s*["']NAME["']\s*\]`),
	},
	"rust": {
		strict(`\b(?:env|dotenvy?)::var(?:_os)?\(\s*"NAME"\s*\)\s*(?:\.map_err\((?:[^()]|\([^()]*\))*\)\s*)?(?:\.unwrap\(\)|\.expect\(|\?|\.(?:context|with_context|wrap_err)\()`),
		ending(`\b(?:env|dotenvy?)::var(?:_os)?\(\s*"NAME"\s*\)\s*\.unwrap_or_else\(\|[^|]*\|`),
		ending(`\blet\s+Ok\([^()]*\)\s*=\s*(?:std::)?(?:env|dotenvy?)::var\(\s*"NAME"\s*\)\s*else\b`),
		argument(`#\[(?:arg|clap)\((?:[^\]]*,)?\s*env\s*=\s*"NAME"`),
		strict(`\b(?:env|dotenv)!\(\s*"NAME"`),
	},
	"csharp": {
		empty(`\bEnvironment\.GetEnvironmentVariable\(\s*"NAME"\s*\)`),
		usual(`\b_?(?i:configuration|config)\[\s*"NAME"\s*\]`),
		usual(`\b_?(?i:configuration|config)\.GetValue<[^<>()]*>\(\s*"NAME"\s*\)`),
		strict(`\.GetRequired(?:Section|Value<[^<>()]*>)\(\s*"NAME"\s*\)`),
	},
	"shell": {
		strict(`\$\{NAME:?\?`),
	},
	"spring": {
		strict(`\$\{NAME\}`),
	},
}

// ofRequest are the names that PHP keeps what it knows of a request under, beside
// the variables of the environment.
var ofRequest = lazyregexp.New(`^(?:HTTPS?|HTTP_|REQUEST_|SERVER_|REMOTE_|SCRIPT_|PHP_|QUERY_STRING|DOCUMENT_|PATH_|CONTENT_|CONTEXT_|ORIG_|REDIRECT_|GATEWAY_|UNIQUE_ID|SSL_|AUTH_TYPE|LOCAL_ADDR)`)

// languages by extension.
var languages = map[string]string{
	".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript", ".ts": "javascript", ".tsx": "javascript", ".mts": "javascript",
	".cts": "javascript", ".vue": "javascript", ".svelte": "javascript", ".go": "go", ".java": "jvm", ".kt": "jvm", ".kts": "jvm", ".rb": "ruby", ".rake": "ruby", ".php": "php",
	".rs": "rust", ".cs": "csharp", ".sh": "shell", ".bash": "shell", ".zsh": "shell",
}

// languageOf is the language of a program; settings of Spring are one, except for
// those of a developer's profile.
func languageOf(name string) string {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	if stem := strings.TrimSuffix(base, ext); ext == ".properties" || ext == ".yml" || ext == ".yaml" {
		own := stem == "application" || stem == "bootstrap" || strings.HasPrefix(stem, "application-")
		if own && !slices.Contains([]string{"application-dev", "application-local", "application-test"}, stem) {
			return "spring"
		}
	}
	return languages[ext]
}
