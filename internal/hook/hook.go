// Package hook reads what coding agents tell their hooks before they use a tool,
// and answers in each one's form.
//
// # The model
//
// An agent's [Call] is a list of writes: files with the content that they would
// have, as far as the call says it, and those that a shell command names. What
// cannot be told from a command, such as what a script does, is no write here; the
// server's check stays the authority.
//
// [Parse] knows the shapes of five agents by their own words. Input that it cannot
// read is an error, and the caller refuses: silence is consent to an agent.
package hook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The agents.
const (
	ClaudeCode = "claude-code"
	Codex      = "codex"
	Copilot    = "copilot"
	Cursor     = "cursor"
	Gemini     = "gemini"
)

// Agents are all of them.
func Agents() []string { return []string{ClaudeCode, Codex, Copilot, Cursor, Gemini} }

// MaxInput is how many bytes of input are read. A file that an agent writes in one
// call is far smaller.
const MaxInput = 32 << 20

// A Call is one use of a tool.
type Call struct {
	Agent string
	Dir   string // where the agent works; "" when it does not say
	Tool  string
	Write []Write
	// Bypass says what of the call would switch the guard off, "" for nothing.
	Bypass string
}

// A Write is one file that the call would change.
type Write struct {
	Path    string // as the agent says it
	Dir     string // what a relative path is relative to; "" means the call's
	Removed bool
	// Edit makes the new content of the old one. It is nil where the call does not
	// say what is written, and reports false where it does not fit the old content.
	Edit func(old string) (string, bool)
}

// input are the keys of all agents.
type input struct {
	Event     string          `json:"hook_event_name"`
	Tool      string          `json:"tool_name"`
	Args      json.RawMessage `json:"tool_input"`
	CamelTool string          `json:"toolName"`
	CamelArgs json.RawMessage `json:"toolArgs"`
	Dir       string          `json:"cwd"`
	Turn      string          `json:"turn_id"`
	Cursor    string          `json:"cursor_version"`
	Talk      string          `json:"conversation_id"`
	Roots     []string        `json:"workspace_roots"`
	Command   string          `json:"command"` // of Cursor's beforeShellExecution
}

// Parse reads one call. agent is the one that the hook was installed for, or "".
func Parse(data []byte, agent string) (Call, error) {
	var in input
	if err := json.Unmarshal(data, &in); err != nil {
		return Call{Agent: agent}, fmt.Errorf("the agent's input is no JSON: %w", err)
	}
	c := Call{Agent: agent, Dir: in.Dir, Tool: in.Tool}
	if agent == "" {
		c.Agent = in.agent()
	}
	if c.Dir == "" && len(in.Roots) > 0 {
		c.Dir = in.Roots[0]
	}
	args := in.Args
	switch {
	case in.CamelTool != "":
		c.Tool, args = in.CamelTool, in.CamelArgs
	case in.Tool == "" && in.Command != "":
		c.Tool = "Shell"
		return c, c.shell(in.Command)
	case in.Tool == "":
		return c, errors.New("the agent's input names no tool")
	}
	var text string
	if json.Unmarshal(args, &text) == nil {
		args = json.RawMessage(text) // arguments as a text of JSON, or a patch
	}
	return c, c.arguments(args, text)
}

// agent tells the agents apart by what only one of them says.
func (in *input) agent() string {
	switch {
	case in.Cursor != "" || in.Talk != "":
		return Cursor
	case in.Event == "BeforeTool":
		return Gemini
	case in.CamelTool != "":
		return Copilot
	case in.Turn != "":
		return Codex
	default:
		return ClaudeCode
	}
}

// arguments are the keys of all tools that write.
type arguments struct {
	FilePath string `json:"file_path"`
	CamelFP  string `json:"filePath"`
	Path     string `json:"path"`
	Notebook string `json:"notebook_path"`
	Target   string `json:"target_file"`
	Absolute string `json:"absolute_path"`

	Content  *string `json:"content"`
	FileText *string `json:"file_text"`
	Old      *string `json:"old_string"`
	New      string  `json:"new_string"`
	OldStr   *string `json:"old_str"`
	NewStr   string  `json:"new_str"`
	All      bool    `json:"replace_all"`
	Edits    []edit  `json:"edits"`

	Command json.RawMessage `json:"command"`
	Cmd     json.RawMessage `json:"cmd"`
	Input   string          `json:"input"`
	Patch   string          `json:"patch"`
	Workdir string          `json:"workdir"`
}

type edit struct {
	Old string `json:"old_string"`
	New string `json:"new_string"`
	All bool   `json:"replace_all"`
}

func (c *Call) arguments(data json.RawMessage, text string) error {
	var a arguments
	if isPatch(text) {
		a.Patch = text
	} else if err := json.Unmarshal(data, &a); err != nil && (c.writes() || c.runs()) {
		return fmt.Errorf("the arguments of the tool %s are not understood: %w", c.Tool, err)
	}
	command := words(a.Command)
	if command == "" {
		command = words(a.Cmd)
	}
	for _, p := range []string{a.Patch, a.Input, command} {
		if isPatch(p) {
			c.Write = append(c.Write, patch(p)...)
			return nil
		}
	}
	switch {
	case c.runs() || command != "" && a.path() == "":
		if a.Workdir != "" {
			c.Dir = a.Workdir
		}
		return c.shell(command)
	case a.path() != "" && c.writes() && command != "view":
		c.Write = append(c.Write, Write{Path: a.path(), Removed: strings.Contains(strings.ToLower(c.Tool), "delete"), Edit: a.edit()})
	case a.path() == "" && slices.Contains(fileTools, c.Tool):
		return fmt.Errorf("the tool %s writes, and its arguments name no file", c.Tool)
	}
	return nil
}

func (a *arguments) path() string {
	for _, p := range []string{a.FilePath, a.CamelFP, a.Path, a.Notebook, a.Target, a.Absolute} {
		if p != "" {
			return p
		}
	}
	return ""
}

// edit is what the arguments make of a file, nil where they do not say.
func (a *arguments) edit() func(string) (string, bool) {
	edits := a.Edits
	switch {
	case a.Notebook != "":
		return nil
	case a.Content != nil:
		return func(string) (string, bool) { return *a.Content, true }
	case a.FileText != nil:
		return func(string) (string, bool) { return *a.FileText, true }
	case a.Old != nil:
		edits = append(edits, edit{*a.Old, a.New, a.All})
	case a.OldStr != nil:
		edits = append(edits, edit{*a.OldStr, a.NewStr, a.All})
	}
	if len(edits) == 0 {
		return nil
	}
	return func(old string) (string, bool) { return replace(old, edits) }
}

// maxWork bounds what following an edit takes: a hook that is too slow is taken for
// consent.
const maxWork = 1 << 28

func replace(text string, edits []edit) (string, bool) {
	if len(edits)*max(1, len(text)) > maxWork {
		return "", false
	}
	for _, e := range edits {
		switch {
		case e.Old == "" && text == "":
			text = e.New
		case e.Old == "" || !strings.Contains(text, e.Old):
			return "", false
		case e.All:
			text = strings.ReplaceAll(text, e.Old, e.New)
		default:
			text = strings.Replace(text, e.Old, e.New, 1)
		}
		if len(text) > MaxInput {
			return "", false
		}
	}
	return text, true
}

// words is a command as a text or as a list of words.
func words(data json.RawMessage) string {
	var text string
	if json.Unmarshal(data, &text) == nil {
		return text
	}
	var list []string
	if json.Unmarshal(data, &list) != nil || len(list) == 0 {
		return ""
	}
	for _, w := range list {
		if isPatch(w) {
			return w
		}
	}
	if len(list) == 3 && slices.Contains(shells, base(list[0])) && strings.HasPrefix(list[1], "-") && strings.HasSuffix(list[1], "c") {
		return list[2]
	}
	for i, w := range list {
		list[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(list, " ")
}

// tokens are the words of a tool's name: writeFile, write_file, mcp__fs__write.
func tokens(name string) []string {
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return strings.FieldsFunc(strings.ToLower(b.String()), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
}

// fileTools are the agents' own tools that always write a file: without a name of
// one the input is not understood.
var fileTools = []string{"Write", "Edit", "MultiEdit", "NotebookEdit", "Delete", "apply_patch", "write_file", "replace", "create", "edit", "str_replace_editor"}

var (
	writing = []string{"write", "edit", "multiedit", "notebookedit", "create", "replace", "delete", "patch", "update", "insert", "append", "move", "rename", "save", "editor"}
	running = []string{"bash", "shell", "powershell", "exec", "terminal", "run"}
)

func (c *Call) writes() bool { return c.named(writing) }

func (c *Call) runs() bool { return c.named(running) && !c.writes() }

func (c *Call) named(known []string) bool {
	return slices.ContainsFunc(tokens(c.Tool), func(w string) bool { return slices.Contains(known, w) })
}
