package session

// This file is all that is known of particular agents and automations. A new
// one is a line in each of the tables that it has a signal for, and a fixture
// in testdata/recognise.

// account is an account of an agent or an automation on GitHub.
type account struct {
	name  string
	actor Actor
	// id is the account's number, which survives a rename; 0 when it is not
	// known or not the account's own.
	id     int64
	logins []string // in lower case, of apps without "[bot]"
	user   bool     // an ordinary user account, no app
}

var accounts = []account{
	{"claude-code", Agent, 209825114, []string{"claude"}, false},
	{"copilot", Agent, 198982749, []string{"copilot-swe-agent", "copilot"}, false},
	{"copilot-cli", Agent, 223556219, nil, false},
	{"claude-agent", Agent, 242468646, []string{"anthropic-code-agent"}, false},
	{"codex-agent", Agent, 242516109, []string{"openai-code-agent"}, false},
	{"codex", Agent, 199175422, []string{"chatgpt-codex-connector"}, false},
	{"cursor", Agent, 206951365, []string{"cursor"}, false},
	{"devin", Agent, 158243242, []string{"devin-ai-integration"}, false},
	{"jules", Agent, 161369871, []string{"google-labs-jules"}, false},
	{"gemini-cli", Agent, 218312386, []string{"gemini-cli"}, false},
	{"gemini-code-assist", Agent, 176961590, []string{"gemini-code-assist"}, false},
	{"factory", Agent, 138933559, []string{"factory-droid"}, false},
	{"lovable", Agent, 159125892, []string{"gpt-engineer-app"}, false},
	{"roo", Agent, 219738659, []string{"roomote"}, false},
	{"sweep", Agent, 0, []string{"sweep-ai"}, false},
	{"qodo", Agent, 0, []string{"qodo-merge-pro"}, false},
	{"dependabot", Bot, 49699333, []string{"dependabot"}, false},
	{"renovate", Bot, 29139614, []string{"renovate"}, false},
	// Agents in workflows commit under its number, 41898282, with a login of
	// their own, so the number tells nothing.
	{"github-actions", Bot, 0, []string{"github-actions"}, false},
	{"gemini-cli-robot", Bot, 0, []string{"gemini-cli-robot"}, true},
}

// emails are the exact addresses that agents commit under or sign with, in
// lower case. Windsurf has none that is agreed upon.
var emails = map[string]string{
	"noreply@anthropic.com":   "claude-code",
	"noreply@openai.com":      "codex",
	"codex@openai.com":        "codex",
	"cursoragent@cursor.com":  "cursor",
	"aider@aider.chat":        "aider",
	"noreply@aider.chat":      "aider",
	"openhands@all-hands.dev": "openhands",
	"amp@ampcode.com":         "amp",
	"agent@warp.dev":          "warp",
}

// assistEmails and assistIDs say that a completion was accepted in an editor.
// That is a person's work; it is noted and decides nothing.
var (
	assistEmails = map[string]bool{"copilot@github.com": true}
	assistIDs    = map[int64]bool{175728472: true}
)

// creditTrailers name people by "Name <address>".
var creditTrailers = map[string]bool{"co-authored-by": true, "assisted-by": true}

// valueTrailers name an agent by their value, in lower case; one that ends in a
// colon is a beginning.
var valueTrailers = map[string]map[string]string{
	"made-with":            {"cursor": "cursor"},
	"assisted-by":          {"crush:": "crush"},
	"replit-commit-author": {"agent": "replit", "assistant": "replit"},
}

// idTrailers hold a session id, as it is or at the end of an address. Those
// that an agent writes name it; changeguard's own says nothing about who.
var idTrailers = map[string]string{
	"claude-session":           "claude-code",
	"agent-logs-url":           "copilot",
	"amp-thread-id":            "amp",
	"replit-commit-session-id": "replit",
	"session-id":               "",
}

// SessionTrailer is the key that changeguard itself writes for a session's id.
const SessionTrailer = "Session-Id"

// link is the beginning of a session's address without its scheme; the id
// follows.
type link struct{ agent, prefix string }

var links = []link{
	{"claude-code", "claude.ai/code/session_"},
	{"codex", "chatgpt.com/codex/tasks/task_"},
	{"cursor", "cursor.com/background-agent?bcId=bc-"},
	{"cursor", "cursor.com/agents/bc-"},
	{"cursor", "cursor.com/agents?id=bc-"},
	{"devin", "app.devin.ai/sessions/"},
	{"jules", "jules.google.com/task/"},
	{"amp", "ampcode.com/threads/T-"},
}

// footers are whole lines that programs write under a description. A robot,
// emphasis or a full stop around them does not matter; a word more, and it is
// prose.
var footers = map[string]string{
	"Generated with [Claude Code](https://claude.com/claude-code)": "claude-code",
	"Generated with [Claude Code](https://claude.ai/code)":         "claude-code",
	"Generated with [Codex](https://openai.com/codex/)":            "codex",
	"Generated with [Devin](https://devin.ai)":                     "devin",
}

// branch is how a head branch is named. "#" stands for digits, "%" for
// hexadecimal digits, "*" for anything; each for at least one character.
type branch struct{ agent, shape string }

// branches are the weakest signals: anybody can name a branch, and people put
// their names before the slash. So where an agent is called like a person, more
// than the prefix is asked for.
var branches = []branch{
	{"claude-code", "claude/*-*"},
	{"copilot", "copilot/*"},
	{"codex", "codex/*"},
	{"cursor", "cursor/*"},
	{"devin", "devin/#-*"},
	{"openhands", "openhands/*"},
	{"openhands", "openhands-workspace-*"},
	{"jules", "jules-#-%"},
	{"sweep", "sweep/*"},
}
