// Package hook reads what coding agents tell their hooks before they use a tool,
// and answers in each one's form.
//
// # The model
//
// An agent's [Call] is a list of writes: files with the content that they would
// have, as far as the call says it, and those that a shell command names. What
// cannot be told from a command, such as what a script does, is no write here; the
// server's check stays the authority. A tool that is not known, such as an MCP
// server's, writes what it names, unless its own name says that it only reads.
//
// [Parse] knows the shapes of five agents by their own words. Input that it cannot
// read is an error, and the caller refuses: silence is consent to an agent.
package hook

import (
	"encoding/json"
	"errors"
	"fmt"
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
	// Assumed says that the tool is not known: it names a file, and so is taken to
	// write it.
	Assumed bool
	// Bypass says what of the call would switch the guard off, "" for nothing.
	Bypass string
}

// A Write is one file that the call would change.
type Write struct {
	Path    string // as the agent says it
	Dir     string // what a relative path is relative to; "" means the call's
	Removed bool
	// Set says that Path is not the file itself but stands for some.
	Set Set
	// Names are globs of which one fits the files of a tracked set, Text what they
	// hold, in the syntax Match of grep, without case when Fold; Shallow leaves out
	// what is in folders within it.
	Names         []string
	Text          string
	Match         byte
	Fold, Shallow bool
	// From is a revision whose file FromPath (its own where empty) is written.
	From, FromPath string
	// Exec is whether the file is to be executable, nil where that stays.
	Exec *bool
	// Into says that a file of unknown name is written where Path is a folder.
	Into bool
	// Edit makes the new content of the old one. It is nil where the call does not
	// say what is written, and reports false where it does not fit the old content.
	Edit func(old string) (string, bool)
}

// A Set is what the path of a write stands for.
type Set int

// The sets.
const (
	File     Set = iota // itself
	Tracked             // the files below it that git knows
	Diff                // the files that the diff in it changes
	Revision            // the files that the commit of this name changed
)

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
	if err := json.Unmarshal(data, &in); errors.As(err, new(*json.UnmarshalTypeError)) {
		return Call{Agent: agent}, errors.New("the agent's input has another form than the agents that are known write")
	} else if err != nil {
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
	case in.CamelTool != "" && in.Tool != "":
		return c, errors.New("the agent's input names two tools")
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
