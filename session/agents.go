package session

// account is an account of an agent or a bot on GitHub: its numeric id, which
// survives a rename, and its logins, without "[bot]".
type account struct {
	name   string
	actor  Actor
	id     int64
	logins []string
}

// accounts are those that are known. The pull request's author is
// authenticated, so these are the strongest signals.
var accounts = []account{
	{"claude-code", Agent, 209825114, []string{"claude"}},
	{"copilot", Agent, 198982749, []string{"copilot-swe-agent"}},
	{"copilot-cli", Agent, 223556219, nil},
	{"claude-agent", Agent, 242468646, []string{"anthropic-code-agent"}},
	{"codex-agent", Agent, 242516109, []string{"openai-code-agent"}},
	{"codex", Agent, 199175422, []string{"chatgpt-codex-connector"}},
	{"cursor", Agent, 206951365, []string{"cursor"}},
	{"devin", Agent, 158243242, []string{"devin-ai-integration"}},
	{"jules", Agent, 161369871, []string{"google-labs-jules"}},
	{"gemini-cli", Agent, 218312386, []string{"gemini-cli"}},
	{"gemini-code-assist", Agent, 176961590, []string{"gemini-code-assist"}},
	{"factory", Agent, 138933559, []string{"factory-droid"}},
	{"lovable", Agent, 159125892, []string{"gpt-engineer-app"}},
	{"roo", Agent, 219738659, []string{"roomote"}},
	{"sweep", Agent, 0, []string{"sweep-ai"}},
	{"qodo", Agent, 0, []string{"qodo-merge-pro"}},
	{"dependabot", Bot, 49699333, []string{"dependabot"}},
	{"renovate", Bot, 29139614, []string{"renovate"}},
	{"github-actions", Bot, 41898282, []string{"github-actions"}},
}

// emails are the exact addresses that agents commit under or sign with.
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

// assistEmails say that a completion was accepted in an editor. That is a
// person's work; it is shown and decides nothing.
var assistEmails = map[string]bool{"copilot@github.com": true}

// assistIDs are accounts of the same meaning.
var assistIDs = map[int64]bool{175728472: true}

// sharedIDs are ids that agents write into their commit addresses although they
// belong to another account: the login decides.
const actionsID = 41898282

// link is the beginning of a session's address; what follows up to a character
// that is no part of an id is the id.
type link struct{ name, prefix string }

// links are recognised on lines of their own kind: in a trailer's value, or
// anywhere in a body that a person or an agent wrote. They must be followed by
// an id.
var links = []link{
	{"claude-code", "https://claude.ai/code/session_"},
	{"codex", "https://chatgpt.com/codex/tasks/task_"},
	{"cursor", "https://cursor.com/background-agent?bcId=bc-"},
	{"cursor", "https://cursor.com/agents/bc-"},
	{"cursor", "https://cursor.com/agents?id=bc-"},
	{"devin", "https://app.devin.ai/sessions/"},
	{"jules", "https://jules.google.com/task/"},
	{"amp", "https://ampcode.com/threads/T-"},
}

// idTrailers hold a session id. The name is the agent's; "" says nothing about
// who made the commit.
var idTrailers = map[string]string{
	"claude-session":           "claude-code",
	"agent-logs-url":           "copilot",
	"amp-thread-id":            "amp",
	"replit-commit-session-id": "replit",
	SessionTrailerKey:          "",
}

// SessionTrailerKey is the trailer that changeguard's own hook writes, in lower
// case: "Session-Id: …".
const SessionTrailerKey = "session-id"

// valueTrailers name an agent by their value.
var valueTrailers = map[string]map[string]string{
	"made-with":            {"cursor": "cursor"},
	"replit-commit-author": {"agent": "replit", "assistant": "replit"},
}

// branchPrefixes are the weakest signals: anybody can name a branch.
var branchPrefixes = []link{
	{"claude-code", "claude/"},
	{"copilot", "copilot/"},
	{"codex", "codex/"},
	{"cursor", "cursor/"},
	{"devin", "devin/"},
	{"openhands", "openhands/"},
	{"openhands", "openhands-workspace-"},
	{"jules", "jules-"},
	{"sweep", "sweep/"},
}

// botPrefixes are branches of automations that are no agents.
var botPrefixes = []link{{"dependabot", "dependabot/"}, {"renovate", "renovate/"}}
