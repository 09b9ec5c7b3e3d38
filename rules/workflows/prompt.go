package workflows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

var (
	agentAction  = lazyregexp.New(`(?i)^(?:anthropics/claude-code|openai/codex|google-github-actions/run-gemini-cli|google-gemini/|actions/ai-inference|github/copilot|cursor/|sourcegraph/amp|all-hands-ai/openhands|continuedev/|coderabbitai/|qodo-ai/|codium-ai/|sweepai/|block/goose|aider-ai/|augmentcode/|factory-ai/|warpdotdev/|charmbracelet/)`)
	agentCommand = lazyregexp.New(`(?m)(?:^|[\s;&|(])(?:claude|codex|gemini|cursor-agent|copilot|aider|goose|opencode|amp|qwen|droid|auggie|llm|aichat|sgpt|crush)\s+(?:[^\n]*\s)?(?:-p|--print|--prompt|exec|run|--message|-m|-x|chat|\x22|'|\$)`)
	// fetched is text of strangers that a script asks for itself, where the workflow runs
	// on what they do.
	fetched   = lazyregexp.New(`\bgh\s+(?:issue|pr)\s+view\b|\bgh\s+api\s+[^\n]*/(?:issues|pulls|comments)\b`)
	strangers = append([]string{"pull_request"}, privileged...)
	anybody   = []string{"allowed_non_write_users", "allow-users", "allowed_bots"}
)

// prompt finds text of strangers that flows into an agent's instructions, as an
// expression or through a variable.
func (c *collector) prompt(s workflow.Step) {
	action := agentAction.MatchString(s.Uses.String())
	command := s.Run != nil && agentCommand.MatchString(s.Run.Text)
	if !action && !command {
		return
	}
	for _, p := range append(s.With.Items(), s.Env.Items()...) {
		if shown, at, ok := c.untrusted(p.Value.String()); ok {
			c.instructed(shown, p.Value.LineOf(at))
		}
		if action && slices.Contains(anybody, p.Key) && strings.Contains(p.Value.String(), "*") {
			c.add(fact{
				key: "anybody " + p.Key, line: p.Line, shown: p.Key + ": " + p.Value.String(),
				message: "The agent takes instructions from anybody, also from people without rights in this repository.", remedy: "Name the people, or leave it to those who may write.",
			})
		}
	}
	if !command {
		return
	}
	if shown, at, ok := c.untrusted(s.Run.Text); ok {
		c.instructed(shown, s.Run.LineOf(at))
	}
	if at := fetched.FindStringIndex(s.Run.Text); at != nil && slices.ContainsFunc(strangers, c.file.Runs) {
		c.instructed(s.Run.Text[at[0]:at[1]], s.Run.LineOf(at[0]))
	}
	for _, m := range shellVariable.FindAllStringSubmatchIndex(s.Run.Text, 1000) {
		if name := s.Run.Text[m[2]:m[3]]; c.taint[strings.ToLower(name)] && s.Env.Get(name) == nil {
			c.instructed("$"+name, s.Run.LineOf(m[0]))
		}
	}
}

func (c *collector) instructed(shown string, line int) {
	c.add(fact{
		key: "prompt " + shown, line: line, shown: shown,
		message: fmt.Sprintf("%s flows into an agent's instructions: whoever writes that text tells the agent what to do, with the job's token and secrets.", shown),
		remedy:  "Run the agent only for people who may write, without secrets and write permissions, or leave the text out of its prompt.",
	})
}
