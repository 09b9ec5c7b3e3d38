package workflows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

var (
	expression = lazyregexp.New(`(?s)\$\{\{(.*?)\}\}`)
	index      = lazyregexp.New(`\[\s*['"]?([a-z0-9_*-]+)['"]?\s*\]`)
	// stranger matches what people without rights write, in an expression without
	// blanks, in lower case and with dots for brackets.
	stranger = lazyregexp.New(`github\.event\.(?:[a-z_]+\.)*(?:title|body|message|name|email|label|ref|head_ref|head_branch|default_branch|display_title|page_name|description|homepage|body_text|username)\b` +
		`|github\.head_ref\b|github\.event\.(?:comment|issue|pull_request|review|discussion|head_commit|commits|pages|workflow_run)\b(?:[^.\w]|$)|tojson\(github(?:\.event)?\)|github\.event(?:[^.\w]|$)|github\.event\.commits\b`)
	// known are names and references that only people with rights write.
	known    = lazyregexp.New(`github\.event\.(?:repository|organization|installation|sender|release|enterprise|label|milestone|pull_request\.base|workflow)\.[a-z_.]+|github\.event\.ref\b|github\.event\.base_ref\b|github\.event_name|github\.event_path|github\.event\.(?:inputs|client_payload)\b[a-z0-9_.-]*|github\.event\.[a-z_.]*\.login\b`)
	variable = lazyregexp.New(`(?:^|[^.\w])env\.([a-z0-9_]+)`)
	output   = lazyregexp.New(`(?:^|[^.\w])((?:steps|needs)\.[a-z0-9_-]+\.outputs\.[a-z0-9_-]+)`)
)

// untrusted is the first expression of a text that holds what a stranger may
// write, with its offset.
func (c *collector) untrusted(text string) (shown string, at int, ok bool) {
	for _, m := range expression.FindAllStringSubmatchIndex(text, 1000) {
		e := strings.ToLower(strings.Join(strings.Fields(text[m[2]:m[3]]), ""))
		e = known.ReplaceAllString(index.ReplaceAllString(e, ".$1"), "")
		from := append(variable.FindAllStringSubmatch(e, 100), output.FindAllStringSubmatch(e, 100)...)
		tainted := slices.ContainsFunc(from, func(v []string) bool { return c.taint[v[1]] || c.steps[v[1]] }) && !compares(e)
		if stranger.MatchString(e) && !compares(e) || tainted {
			return text[m[0]:m[1]], m[0], true
		}
	}
	return "", 0, false
}

// compares reports whether an expression only yields true or false.
func compares(e string) bool {
	for _, word := range []string{"contains(", "startswith(", "endswith("} {
		if strings.HasPrefix(e, word) && strings.Count(e, "(") == 1 {
			return true
		}
	}
	return (strings.Contains(e, "==") || strings.Contains(e, "!=")) && !strings.Contains(e, "&&") && !strings.Contains(e, "||")
}

// variables remembers which variables of an environment hold such text.
func (c *collector) variables(env *workflow.Value) {
	for _, p := range env.Items() {
		if _, _, bad := c.untrusted(p.Value.String()); bad {
			c.taint[strings.ToLower(p.Key)] = true
		}
	}
}

// injections finds text of strangers in what is run as code: scripts, and the
// inputs of actions that run their input.
func (c *collector) injections(s workflow.Step) {
	for _, v := range scripts(s) {
		rest, from := v.Text, 0
		for range 100 {
			shown, at, ok := c.untrusted(rest)
			if !ok {
				break
			}
			c.add(fact{
				key: "injection " + shown, line: v.LineOf(from + at), shown: shown,
				message: fmt.Sprintf("%s is put into a script before it runs: whoever writes that text writes commands.", shown),
				remedy:  "Hand it over as a variable: env: {TEXT: \"" + shown + "\"}, and use \"$TEXT\" in the script.",
			})
			from += at + len(shown)
			rest = rest[at+len(shown):]
		}
	}
}

// scripts are the values of a step that are run as code.
func scripts(s workflow.Step) []*workflow.Value {
	var list []*workflow.Value
	if s.Run != nil {
		list = append(list, s.Run)
	}
	for _, key := range []string{"script", "run", "command", "inlineScript", "args"} {
		if v := s.With.Get(key); v != nil && s.Uses != nil {
			list = append(list, v)
		}
	}
	return list
}

var (
	headRef = lazyregexp.New(`(?i)github\.event\.pull_request\.head\.|github\.head_ref|github\.event\.workflow_run\.head_|refs/pull/|github\.event\.(?:issue|pull_request)\.number|\bmerge_commit_sha\b`)
	headGit = lazyregexp.New(`(?i)\bgh\s+pr\s+checkout\b|\bgit\s+(?:fetch|pull|checkout|switch)\b[^\n]*(?:pull/|head_ref|\.head\.|pr_head|head_sha|workflow_run)|\bhub\s+checkout\b`)
)

// headCheckout finds a head that is checked out where the job has secrets.
func (c *collector) headCheckout(s workflow.Step) {
	event := slices.IndexFunc(privileged, c.file.Runs)
	if event < 0 {
		return
	}
	line, shown := 0, ""
	uses := strings.ToLower(s.Uses.String())
	switch {
	case strings.HasPrefix(uses, "actions/checkout@"):
		for _, key := range []string{"ref", "repository"} {
			if v := s.With.Get(key); v != nil && headRef.MatchString(strings.Join(strings.Fields(v.Text), "")) {
				line, shown = v.Line, key+": "+v.Text
			}
		}
	case s.Run != nil:
		if at := headGit.FindStringIndex(s.Run.Text); at != nil {
			line, shown = s.Run.LineOf(at[0]), s.Run.Text[at[0]:at[1]]
		}
	}
	if shown == "" {
		return
	}
	c.add(fact{
		key: "head checked out " + strings.Join(strings.Fields(shown), " "), line: line, shown: shown,
		message: fmt.Sprintf("The workflow runs on %s, with the repository's secrets, and checks out what a pull request brings: its build scripts, tests and settings then run with them.", privileged[event]),
		remedy:  "Build the head in a workflow on pull_request, and hand over results, not code.",
	})
}
