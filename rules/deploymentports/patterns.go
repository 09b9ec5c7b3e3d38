package deploymentports

import "github.com/changeguard/changeguard/internal/lazyregexp"

// A pattern finds ports in one line of a program. The group named port is the
// number; with env it is what holds when that variable says nothing else.
type pattern struct {
	expression *lazyregexp.Regexp
	env        string
	how        string
}

func find(how, expression string) pattern { return pattern{lazyregexp.New(expression), "", how} }

func falls(how, expression string) pattern {
	return pattern{lazyregexp.New(expression), "PORT", how}
}

// springEnv is the variable that beats server.port in Spring's configuration.
const springEnv = "SERVER_PORT"

func springs(how, expression string) pattern {
	return pattern{lazyregexp.New(expression), springEnv, how}
}

// envPort is a lookup of PORT in Node.
const envPort = `\benv(?:\.PORT|\[["']PORT["']\])`

// goFlag is the call that declares a flag in Go, with the packages that are used
// for it.
const goFlag = `\b(?:flag|flags|pflag|fs|Flags\(\))\.(?:String|Int|Uint)(?:Var)?P?\(\s*(?:&?[\w.]+\s*,\s*)?`

var number = `["']?(?P<port>\d{2,5})\b`

// patterns by language. A lookup is always of the variable PORT: others, such as
// DB_PORT, are mostly of somebody else.
var patterns = map[string][]pattern{
	"python": {
		falls("falls back to", `["']PORT["']\s*,\s*(?:default\s*=\s*)?(?:str\()?`+number),
		falls("falls back to", `["']PORT["']\s*\)\s*or\s+`+number),
		find("listens on", `\b(?:uvicorn\.run|app\.run|application\.run|socketio\.run|server\.run|run_app|run_simple|serve|hypercorn\.run|web\.run_app)\(.*\bport\s*=\s*`+number),
		find("defaults to", `\b(?:add_argument|option|Option)\(.*["']--port["'].*\bdefault\s*=\s*`+number),
		find("defaults to", `^\s*port\s*:\s*int\s*=\s*typer\.Option\(\s*`+number),
		find("listens on", `\bHTTPServer\(\s*\(\s*["'][^"']*["']\s*,\s*`+number),
		find("binds to", `^\s*bind\s*=\s*\[?\s*f?["'][^"':]*:(?P<port>\d{2,5})["']`),
		find("binds to", `^\s*bind\s*=\s*\[?\s*["']\[::\]:(?P<port>\d{2,5})["']`),
	},
	"node": {
		falls("falls back to", envPort+`\s*\)?\s*(?:,\s*10\s*\))?\s*(?:\|\||\?\?)\s*`+number),
		falls("falls back to", envPort+`(?:\s*(?:\)|!==?\s*(?:undefined|null|["']\w*["'])))*\s*\?[^?.:][^:]*:\s*`+number),
		falls("falls back to", `\bPORT\s*:.*(?:\.default\(|\bdefault\s*:)\s*`+number),
		falls("falls back to", `[{,]\s*PORT(?:\s*:\s*\w+)?\s*=\s*`+number+`.*}\s*=\s*process\.env`),
		find("listens on", `\.listen\(\s*(?:{[^}]*\bport\s*:\s*)?`+number),
		find("listens on", `\b(?:Bun\.serve|Deno\.serve|serve)\(\s*{[^}]*\bport\s*:\s*`+number),
	},
	"go": {
		falls("falls back to", `\(\s*(?:os\.Getenv\()?"PORT"\)?\s*,\s*":?(?P<port>\d{2,5})"`),
		falls("falls back to", "`[^`]*\\benv(?:config)?:\"PORT[\",][^`]*\\b(?:envDefault|default):\"(?P<port>\\d{2,5})\""),
		falls("falls back to", `\.SetDefault\(\s*"(?:(?:http|server)[._])?(?i:port)"\s*,\s*":?(?P<port>\d{2,5})`),
		falls("falls back to", `\.SetDefault\(\s*"(?:(?:http|server)[._])?(?i:port)"\s*,\s*(?P<port>\d{2,5})\s*\)`),
		find("defaults to", goFlag+`"(?:http[-_.]?|listen[-_.]?|server[-_.]?)?(?:addr|address|listen|bind|bind[-_]addr|http|port)"\s*,\s*(?:"\w"\s*,\s*)?(?:"[^":]*:)?"?(?P<port>\d{2,5})\b`),
		find("listens on", `\b(?:ListenAndServe|ListenAndServeTLS|Run|Start|Listen)\(\s*(?:"tcp4?"\s*,\s*)?"[^":]*:(?P<port>\d{2,5})"`),
		find("listens on", `\bAddr:\s*"[^":]*:(?P<port>\d{2,5})"`),
	},
	"java": {
		falls("falls back to", `\(\s*"PORT"\s*,\s*`+number),
		falls("falls back to", `"PORT"\s*\)\s*\?:\s*`+number),
		find("listens on", `\bembeddedServer\([^)]*\bport\s*=\s*`+number),
	},
	"properties": {
		springs("listens on", `^\s*server\.port\s*[=:]\s*(?P<port>\d{2,5})\s*$`),
		springs("falls back to", `^\s*server\.port\s*[=:]\s*\$\{SERVER_PORT:(?P<port>\d{2,5})\}`),
		find("listens on", `^\s*management\.server\.port\s*[=:]\s*(?P<port>\d{2,5})\s*$`),
		{lazyregexp.New(`^\s*quarkus\.http\.port\s*[=:]\s*(?P<port>\d{2,5})\s*$`), "QUARKUS_HTTP_PORT", "listens on"},
		{lazyregexp.New(`^\s*micronaut\.server\.port\s*[=:]\s*(?P<port>\d{2,5})\s*$`), "MICRONAUT_SERVER_PORT", "listens on"},
		falls("falls back to", `^\s*server\.port\s*[=:]\s*\$\{PORT:(?P<port>\d{2,5})\}`),
	},
	"toml": {
		find("binds to", `^\s*bind\s*=\s*\[?\s*["'][^"']*:(?P<port>\d{2,5})["']`),
	},
	"nginx": {
		find("listens on", `^\s*listen\s+(?:[0-9.*]+:|\[[0-9a-f:]*\]:)?(?P<port>\d{2,5})\b[^;]*;`),
		falls("falls back to", `^\s*listen\s+\$\{?PORT:-(?P<port>\d{2,5})`),
	},
}

// byName are the same with a name in the place of the number.
var byName = map[string][]pattern{
	"python": {
		falls("falls back to", `["']PORT["']\s*,\s*(?:default\s*=\s*)?(?:str\()?([A-Za-z_]\w*)`),
		find("listens on", `\b(?:uvicorn\.run|app\.run|application\.run|run_app|run_simple|serve)\(.*\bport\s*=\s*([A-Za-z_]\w*)\s*[,)]`),
	},
	"node": {
		falls("falls back to", envPort+`\s*\)?\s*(?:\|\||\?\?)\s*([A-Za-z_$][\w$]*)\s*[;,)]`),
		find("listens on", `\.listen\(\s*(?:{[^}]*\bport\s*:\s*)?([A-Za-z_$][\w$]*)\s*[,)}]`),
	},
	"go": {
		falls("falls back to", `\(\s*(?:os\.Getenv\()?"PORT"\)?\s*,\s*([A-Za-z_]\w*)\s*\)`),
		find("listens on", `\b(?:ListenAndServe|Run|Start|Listen)\(\s*(?:"tcp4?"\s*,\s*)?([A-Za-z_]\w*)\s*[,)]`),
	},
	"java": {
		falls("falls back to", `\(\s*"PORT"\s*,\s*([A-Za-z_]\w*)\s*\)`),
		falls("falls back to", `"PORT"\s*\)(?:\?\.to\w+\(\))?\s*\?:\s*([A-Za-z_]\w*)`),
	},
}

// constants give a name a number that may be a port.
var constants = map[string]*lazyregexp.Regexp{
	"python": lazyregexp.New(`^\s*([A-Za-z_]\w*)\s*(?::\s*\w+\s*)?=\s*["']?(\d{2,5})["']?\s*$`),
	"node":   lazyregexp.New(`\b(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*(?::\s*\w+\s*)?=\s*["']?(\d{2,5})["']?\s*;?\s*$`),
	"go":     lazyregexp.New(`^\s*(?:const\s+|var\s+)?([A-Za-z_]\w*)(?:\s+\w+)?\s*:?=\s*(?:"[^":]*:)?"?(\d{2,5})"?\s*$`),
	"java":   lazyregexp.New(`\b(?:final|const\s+val|val)\s+(?:int\s+|String\s+)?([A-Za-z_]\w*)\s*(?::\s*\w+\s*)?=\s*"?(\d{2,5})"?\s*;?\s*$`),
}

// lookedUp are lookups of PORT without a fallback on their line.
var lookedUp = map[string]*lazyregexp.Regexp{
	"python": lazyregexp.New(`\benviron\s*\[\s*["']PORT["']\s*\]|\b(?:environ\.get|getenv)\(\s*["']PORT["']\s*\)|^\s*["']PORT["']\s*,\s*$`),
	"node":   lazyregexp.New(`(?:=|\.listen\(|\bport\s*:)\s*(?:Number\(|parseInt\(|\+)?\s*process\.` + envPort[2:] + `\s*[,;)!}]*|\bprocess\.` + envPort[2:] + `\s*$`),
	"go":     lazyregexp.New(`\bos\.(?:Getenv|LookupEnv)\("PORT"\)`),
	"java":   lazyregexp.New(`\bSystem\.getenv\("PORT"\)`),
}

// belowLookup is how its fallback may stand on a later line: as a name or a number.
var belowLookup = map[string]*lazyregexp.Regexp{
	"python": lazyregexp.New(`^\s*\w*(?i:port)\s*=\s*(?:([A-Za-z_]\w*)|["']?(\d{2,5})["']?)\s*$|^\s*["']?(\d{2,5})["']?\s*[,)]*\s*$`),
	"node":   lazyregexp.New(`^\s*(?:\?[^?:]+:|:|\|\||\?\?)\s*(?:([A-Za-z_$][\w$]*)|["']?(\d{2,5})\b)`),
	"go":     lazyregexp.New(`(?:=|return)\s*(?:([A-Za-z_]\w*)|":?(\d{2,5})")\s*$`),
}

// calls go on for some lines, on one of which the port is set.
var calls = map[string]*lazyregexp.Regexp{
	"python": lazyregexp.New(`\b(?:uvicorn\.run|app\.run|application\.run|socketio\.run|run_app|run_simple|serve|web\.run_app)\((?:[^)]*$)`),
	"node":   lazyregexp.New(`(?:\.listen|\b(?:Bun\.serve|Deno\.serve|serve))\(\s*{?[^{})]*$`),
}

var (
	inCall       = lazyregexp.New(`^\s*port\s*[=:]\s*["']?(?P<port>\d{2,5})\b`)
	nameInCall   = lazyregexp.New(`^\s*port\s*[=:]\s*([A-Za-z_]\w*)\s*,?\s*\)?\s*$`)
	pydanticPort = lazyregexp.New(`^\s+(?i:port)\s*:\s*int\s*=\s*(?:Field\(\s*(?:default\s*=\s*)?)?(?P<port>\d{2,5})\b`)
	// othersSettings are of something that the program connects to.
	othersSettings = lazyregexp.New(`(?i)^class\s+\w*(?:db|database|redis|postgres|mysql|mongo|mail|smtp|kafka|rabbit|amqp|celery|cache|elastic|metrics)`)
	ginRouter      = lazyregexp.New(`\b(\w+)\s*:?=\s*gin\.(?:Default|New)\(`)
	portWord       = lazyregexp.New(`(?i)port|listen|bind|addr|server|\.Run\(|\.Start\(`)
)
