package hook

import (
	"slices"
	"strings"
)

// fileTools are the agents' own tools that always write a file: without a name of
// one the input is not understood.
var fileTools = []string{
	"Write", "Edit", "MultiEdit", "NotebookEdit", "Delete", "apply_patch", "write_file", "replace", "create", "edit", "str_replace_editor",
	"StrReplace", "EditNotebook", "ApplyPatch", "search_replace", "edit_file", "delete_file",
	"create_file", "replace_string_in_file", "insert_edit_into_file", "edit_notebook_file",
}

// shellTools are the agents' own tools that always run a command: without one that
// can be read the input is not understood.
var shellTools = []string{"Bash", "Shell", "PowerShell", "bash", "powershell", "shell", "local_shell", "exec_command", "run_shell_command", "run_terminal_cmd", "run_in_terminal"}

// readers are the agents' own tools that name files, and only read them, without
// saying so in their names.
var readers = []string{"LSP", "EnterWorktree", "ExitWorktree", "Agent", "Task", "Skill", "task", "skill"}

// The words of a tool's name that say what it does. One that writes outweighs one
// that reads: find_and_replace writes.
var (
	writing = []string{
		"write", "edit", "multiedit", "notebookedit", "create", "replace", "delete", "patch", "update", "insert", "append", "move", "rename", "save",
		"apply", "copy", "download", "export", "fix", "format", "generate", "modify", "overwrite", "put", "refactor", "remove", "restore", "rewrite", "truncate", "undo", "unlink",
	}
	reading = []string{
		"read", "view", "list", "ls", "get", "search", "find", "grep", "glob", "fetch", "show", "open", "cat", "stat", "info", "tree", "diff", "blame",
		"describe", "explain", "inspect", "query", "lookup", "comment", "review", "upload",
	}
	running = []string{"bash", "shell", "powershell", "exec", "terminal", "run"}
	typing  = []string{"write_bash", "write_powershell", "write_stdin"} // into a shell that runs
	removes = []string{"delete", "remove", "unlink"}
	moving  = []string{"move", "rename"}
)

func (c *Call) writes() bool { return c.named(writing) }

func (c *Call) runs() bool { return c.named(running) && !c.writes() }

func (c *Call) reads() bool {
	return slices.Contains(readers, c.Tool) || c.named(reading) && !c.writes()
}

func (c *Call) named(known []string) bool {
	return slices.ContainsFunc(tokens(own(c.Tool)), func(w string) bool { return slices.Contains(known, w) })
}

// own is a tool's name without that of the MCP server it belongs to, as each agent
// writes the two: mcp__server__tool, MCP:tool, mcp_server_tool, server-tool.
func own(name string) string {
	if rest, ok := strings.CutPrefix(name, "mcp__"); ok {
		_, tool, _ := strings.Cut(rest, "__")
		return tool
	}
	if rest, ok := strings.CutPrefix(name, "MCP:"); ok {
		return rest
	}
	if rest, ok := strings.CutPrefix(name, "mcp_"); ok {
		_, tool, _ := strings.Cut(rest, "_")
		return tool
	}
	if i := strings.LastIndexByte(name, '-'); i >= 0 && strings.Contains(name[i:], "_") {
		return name[i+1:]
	}
	return name
}

// tokens are the words of a tool's name: writeFile, write_file, write-file.
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
