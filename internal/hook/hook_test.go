package hook_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/changeguard/changeguard/internal/hook"
)

// written words the writes of a call.
func written(c hook.Call) (list []string) {
	for _, w := range c.Write {
		text := w.Path
		if w.Dir != "" && w.Dir != c.Dir {
			text += " in " + w.Dir
		}
		if w.Removed {
			text = "-" + text
		}
		list = append(list, text)
	}
	return list
}

func shell(t *testing.T, command string) hook.Call {
	t.Helper()
	data, err := json.Marshal(map[string]any{"tool_name": "Bash", "cwd": "/r", "tool_input": map[string]string{"command": command}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := hook.Parse(data, "")
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return c
}

// What shell commands write, where it can be told; and no more than that.
func TestShellWrites(t *testing.T) {
	t.Parallel()
	for command, want := range map[string][]string{
		"echo x > a.py":                        {"a.py"},
		"echo x >> 'a b.py'":                   {"a b.py"},
		"echo x>a 2>&1":                        {"a"},
		"echo x 2>/dev/null":                   nil,
		"make &> log.txt":                      {"log.txt"},
		"cat a | tee -a b c":                   {"b", "c"},
		"cat > a <<'EOF'\nrm -rf b\nEOF\nrm c": {"a", "-c"},
		"cat <<-E >a\n\tx\n\tE\ntouch b":       {"a", "b"},
		"grep '>' a; grep \"x > y\" b":         nil,
		"echo a \\> b":                         nil,
		"# echo x > a":                         nil,
		"cat a # > b":                          nil,
		"cd sub && echo x > a":                 {"a in /r/sub"},
		"cd /x && rm a":                        {"-a in /x"},
		"rm -rf -- core lib":                   {"-core", "-lib"},
		"sudo rm a":                            {"-a"},
		"X=1 env Y=2 touch a":                  {"a"},
		"mv a b":                               {"b", "b/a", "-a"},
		"cp -r a b":                            {"b", "b/a"},
		"sed -i s/a/b/ x y":                    {"x", "y"},
		"sed -i.bak -e s/a/b/ x":               {"x"},
		"sed s/a/b/ x":                         nil,
		"sed -n 1,5p x":                        nil,
		"perl -pi -e 's/a/b/' x":               {"x"},
		"dd if=a of=b":                         {"b"},
		"bash -c 'echo x > a'":                 {"a"},
		"bash -lc \"cd d; rm a\"":              {"-a in /r/d"},
		"if true; then rm a; fi":               {"-a"},
		"(cd d && rm a)":                       {"-a in /r/d"},
		"echo x > $HOME/a; rm \"$X\"":          nil,
		"npm install left-pad":                 {"package.json"},
		"npm install":                          nil,
		"npm test":                             nil,
		"poetry add requests && go get x@v1":   {"pyproject.toml", "go.mod"},
		"git checkout main -- a && git rm b && git status": {"a", "-b"},
		"python script.py":         nil,
		"cat a | sort | uniq":      nil,
		"diff <(sort a) <(sort b)": nil,
		"rm {a,b}/{c,d}.py":        {"-a/c.py", "-a/d.py", "-b/c.py", "-b/d.py"},
		"rm {d/{a,b},c}.py":        {"-d/a.py", "-c.py", "-d/b.py", "-c.py"},
		"F=a; F+=.py; rm $F":       {"-a.py"},
		"D=a; rm \"${D:?}/b\" ${E:=c} ${G-d} \"${H:?unset}/e\"":                            {"-a/b", "-c", "-d"},
		"set -- a b; rm \"$2\"; rm \"$@\"":                                                 {"-b", "-a", "-b"},
		"bash -euo pipefail -c 'rm a'":                                                     {"-a"},
		"bash --rcfile x -c 'rm a'; bash -c -- 'rm \"$1\"' x b":                            {"-a", "-b"},
		"sh -c 'rm \"$@\"' -- a b":                                                         {"-a", "-b"},
		"tar -xzf x.tgz a/b":                                                               {"a/b"},
		"tar xzf x.tgz":                                                                    nil,
		"python3 -X utf8 -c 'open(file=\"a\", mode=\"w\")'":                                {"a"},
		"python3 -c 'open(mode=\"r\", file=\"a\")'":                                        nil,
		"ruby -e 'IO.write \"a\", \"x\"'":                                                  {"a"},
		"uv run --with x python -c 'open(\"a\", \"w\")'":                                   {"a"},
		"npx -y prettier@3 --write a; pnpm exec prettier --write b; uvx ruff@0.9 format c": {"a", "b", "c"},
		"pnpm exec prettier --check b":                                                     nil,
		"sudo --user root gsed -i s/a/b/ x; timeout --signal KILL 5 rm a":                  {"x", "-a"},
		"cargo +nightly add serde":                                                         {"Cargo.toml"},
		"cargo +nightly build":                                                             nil,
		"curl --output-dir d -O https://example.com/a":                                     {"d/a"},
	} {
		if diff := cmp.Diff(want, written(shell(t, command))); diff != "" {
			t.Errorf("%s: %s", command, diff)
		}
	}
}

func TestCommandsThatPassByTheGuard(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]bool{
		"git commit --no-verify -m x": true, "git commit -n -m x": true, "git push --no-verify": true, "git -C sub commit --no-verify": true,
		"git -c core.hooksPath=/dev/null commit": true, "git config core.hooksPath x": true, "git config --unset branch.x.changeguard-mode": true,
		"git commit -m 'no --no-verify'": false, "git config --get core.hooksPath": false, "git log -n 3": false, "git push -n": false, "git commit -m n": false,
		"git commit -anm x": true, "git push --no-veri": true, "git config --local core.hooksPath": false, "git config --local core.hooksPath x": true,
		"git config --remove-section branch.x": true, "git config unset branch.x.changeguard-mode": true, "git commit -m -n": false, "git --config-env=core.hooksPath=X commit": true, "git --config-env=user.name=X commit": false,
		"GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=x git commit -m x": true,
	} {
		if c := shell(t, command); (c.Bypass != "") != want {
			t.Errorf("%s: %q", command, c.Bypass)
		}
	}
}

// Every agent's shape is known by its own words; what it writes is found.
func TestAgentsInputs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		agent, input string
		want         []string
	}{
		{hook.ClaudeCode, `{"session_id":"s","permission_mode":"plan","hook_event_name":"PreToolUse","tool_name":"Edit","tool_input":{"file_path":"/r/a","old_string":"x","new_string":"y"},"tool_use_id":"t"}`, []string{"/r/a"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"NotebookEdit","tool_input":{"notebook_path":"a.ipynb"}}`, []string{"a.ipynb"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__fs__write_file","tool_input":{"path":"a","content":"x"}}`, []string{"a"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__fs__read_file","tool_input":{"path":"a"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__editor__read_file","tool_input":{"path":"a"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__search__tidy","tool_input":{"path":"a","relative_path":"b","notebook_path":"c"}}`, []string{"c", "a", "b"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__fs__move_file","tool_input":{"source":"a","destination":"b"}}`, []string{"b", "-a"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__x__write_files","tool_input":{"files":[{"path":"a","content":"x"},"b",3]}}`, []string{"a", "b"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__x__remove_file","tool_input":{"uri":"file:///r/a%20b"}}`, []string{"-/r/a b"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__x__tidy","tool_input":{"path":"a","command":"rm b"}}`, []string{"a", "-b"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__x__find_and_replace","tool_input":{"path":"a"}}`, []string{"a"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__x__tidy","tool_input":{"path":"a","edits":7}}`, []string{"a"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__github__add_comment_to_pending_review","tool_input":{"path":"a","line":3}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__ide__open_file_in_editor","tool_input":{"filePath":"a"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"LSP","tool_input":{"operation":"hover","filePath":"a"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"EnterWorktree","tool_input":{"path":"a"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"Glob","tool_input":{"path":"a","pattern":"*"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"ReadMcpResourceTool","tool_input":{"server":"s","uri":"file:///a"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__tickets__update_issue","tool_input":{"id":1}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"Grep","tool_input":{"path":"a","pattern":"x"}}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"TodoWrite","tool_input":{"todos":[]}}`, nil},
		{hook.Codex, `{"turn_id":"t","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":["bash","-lc","echo x > a"]}}`, []string{"a"}},
		{hook.Codex, `{"turn_id":"t","tool_name":"apply_patch","tool_input":{"input":"*** Begin Patch\n*** Add File: n\n+x\n*** Update File: u\n*** Move to: v\n@@\n-a\n+b\n*** Delete File: d\n*** End Patch"}}`, []string{"n", "-u", "v", "-d"}},
		{hook.Codex, `{"turn_id":"t","tool_name":"shell","tool_input":{"command":["apply_patch","*** Begin Patch\n*** Add File: n\n+x\n*** End Patch"]}}`, []string{"n"}},
		{hook.Copilot, `{"sessionId":"s","timestamp":1,"cwd":"/r","toolName":"create","toolArgs":"{\"path\":\"a\",\"file_text\":\"x\"}"}`, []string{"a"}},
		{hook.Copilot, `{"sessionId":"s","toolName":"bash","toolArgs":{"command":"rm a"}}`, []string{"-a"}},
		{hook.Copilot, `{"sessionId":"s","toolName":"str_replace_editor","toolArgs":"{\"command\":\"view\",\"path\":\"a\"}"}`, nil},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"multi_replace_string_in_file","tool_input":{"replacements":[{"filePath":"a","oldString":"x","newString":"y"},{"filePath":"b"}]}}`, []string{"a", "b"}},
		{hook.ClaudeCode, `{"hook_event_name":"PreToolUse","tool_name":"mcp__devtools__upload_file","tool_input":{"filePath":"a"}}`, nil},
		{hook.Copilot, `{"sessionId":"s","toolName":"write_bash","toolArgs":{"sessionId":"1","input":"rm a{enter}rm b{enter}"}}`, []string{"-a", "-b"}},
		{hook.Codex, `{"turn_id":"t","tool_name":"write_stdin","tool_input":{"session_id":1,"chars":"rm a\n"}}`, []string{"-a"}},
		{hook.Codex, `{"turn_id":"t","tool_name":"exec_command","tool_input":{"cmd":"rm a","workdir":"/r"},"cwd":"/r"}`, []string{"-a"}},
		{hook.Cursor, `{"conversation_id":"c","cursor_version":"2","hook_event_name":"preToolUse","tool_name":"Delete","tool_input":{"file_path":"a"},"workspace_roots":["/r"]}`, []string{"-a"}},
		{hook.Cursor, `{"conversation_id":"c","hook_event_name":"preToolUse","tool_name":"Shell","tool_input":{"command":"rm a","working_directory":"sub"},"cwd":"/r"}`, []string{"-a"}},
		{hook.Cursor, `{"conversation_id":"c","hook_event_name":"preToolUse","tool_name":"StrReplace","tool_input":{"path":"a","old_string":"x","new_string":"y"}}`, []string{"a"}},
		{hook.Cursor, `{"conversation_id":"c","hook_event_name":"preToolUse","tool_name":"MCP:save","tool_input":"{\"path\":\"a\"}"}`, []string{"a"}},
		{hook.Cursor, `{"conversation_id":"c","hook_event_name":"preToolUse","tool_name":"Read","tool_input":{"file_path":"a"}}`, nil},
		{hook.Cursor, `{"conversation_id":"c","hook_event_name":"beforeShellExecution","command":"rm a","cwd":"/r"}`, []string{"-a"}},
		{hook.Gemini, `{"hook_event_name":"BeforeTool","tool_name":"write_file","tool_input":{"file_path":"a","content":"x"}}`, []string{"a"}},
		{hook.Gemini, `{"hook_event_name":"BeforeTool","tool_name":"run_shell_command","tool_input":{"command":"rm a"}}`, []string{"-a"}},
		{hook.Gemini, `{"hook_event_name":"BeforeTool","tool_name":"mcp_search_tidy","tool_input":{"path":"a"}}`, []string{"a"}},
		{hook.Gemini, `{"hook_event_name":"BeforeTool","tool_name":"list_directory","tool_input":{"dir_path":"a"}}`, nil},
		{hook.Gemini, `{"hook_event_name":"BeforeTool","tool_name":"get_internal_docs","tool_input":{"path":"a"}}`, nil},
		{hook.Copilot, `{"sessionId":"s","toolName":"github-mcp-server-get_file_contents","toolArgs":"{\"path\":\"a\"}"}`, nil},
		{hook.Copilot, `{"sessionId":"s","toolName":"view","toolArgs":"{\"path\":\"a\"}"}`, nil},
		{hook.Gemini, `{"hook_event_name":"BeforeTool","tool_name":"read_many_files","tool_input":{"paths":["a"]}}`, nil},
	} {
		got, err := hook.Parse([]byte(c.input), "")
		if err != nil || got.Agent != c.agent {
			t.Errorf("%s: %s, %v", c.input, got.Agent, err)
		}
		if diff := cmp.Diff(c.want, written(got)); diff != "" {
			t.Errorf("%s: %s", c.input, diff)
		}
	}
}

// A command is run where the call says.
func TestFoldersOfCommands(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]string{
		`{"tool_name":"shell","cwd":"/r","tool_input":{"command":"rm a","workdir":"/s"}}`:                                              "/s",
		`{"tool_name":"Shell","cwd":"/r","tool_input":{"command":"rm a","working_directory":"sub"}}`:                                   "/r/sub",
		`{"tool_name":"run_shell_command","hook_event_name":"BeforeTool","cwd":"/r","tool_input":{"command":"rm a","dir_path":"sub"}}`: "/r/sub",
	} {
		if c, err := hook.Parse([]byte(input), ""); err != nil || len(c.Write) != 1 || c.Write[0].Dir != want {
			t.Errorf("%s: %+v, %v", input, c, err)
		}
	}
}

// What is not understood is no consent.
func TestInputsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"", "{", "[]", "{}", `{"tool_name": 3}`, `{"tool_name":"Write","tool_input":{}}`, `{"tool_name":"Write","tool_input":"x"}`, `{"tool_name":"Edit"}`, `{"tool_name":"Bash","tool_input":3}`, `{"tool_name":"Bash","tool_input":{}}`, `{"tool_name":"Bash","tool_input":{"command":{"a":"rm b"}}}`, `{"tool_name":"run_shell_command","tool_input":{"script":"rm b"}}`,
		`{"tool_name":"Write","tool_input":{"file_path":"a","content":"x"},"toolName":"Read","toolArgs":{}}`, `{"tool_name":"Write","tool_input":{"file_path":"a","content":"x","CONTENT":"y"}}`, `{"tool_name":"Bash","tool_input":{"command":"ls","Command":"rm a"}}`,
		`{"tool_name":"Bash","tool_input":{"command":"` + strings.Repeat("x", 300<<10) + `"}}`,
	} {
		if c, err := hook.Parse([]byte(input), ""); err == nil {
			t.Errorf("%.60s: %+v", input, c)
		}
	}
}

// What a call makes of a file is known, or known to be unknown.
func TestEdits(t *testing.T) {
	t.Parallel()
	patch := func(body string) string {
		data, err := json.Marshal(map[string]any{"tool_name": "apply_patch", "tool_input": map[string]string{"input": "*** Begin Patch\n*** Update File: f\n" + body + "*** End Patch\n"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, c := range []struct{ input, old, want string }{
		{`{"tool_name":"Write","tool_input":{"file_path":"f","content":"new"}}`, "old", "new"},
		{`{"tool_name":"Edit","tool_input":{"file_path":"f","old_string":"a","new_string":"b"}}`, "a a", "b a"},
		{`{"tool_name":"Edit","tool_input":{"file_path":"f","old_string":"a","new_string":"b","replace_all":true}}`, "a a", "b b"},
		{`{"tool_name":"MultiEdit","tool_input":{"file_path":"f","edits":[{"old_string":"a","new_string":"b"},{"old_string":"b","new_string":"c"}]}}`, "a", "c"},
		{`{"tool_name":"Edit","tool_input":{"file_path":"f","old_string":"z","new_string":"b"}}`, "a", "?"},
		{`{"tool_name":"Edit","tool_input":{"file_path":"f","old_string":"","new_string":"b"}}`, "a", "?"},
		{`{"tool_name":"Edit","tool_input":{"file_path":"f","old_string":"","new_string":"b"}}`, "", "b"},
		{`{"tool_name":"replace_string_in_file","tool_input":{"filePath":"f","oldString":"a","newString":"b"}}`, "a a", "b a"},
		{`{"tool_name":"Write","tool_input":{"path":"f","contents":"new"}}`, "old", "new"},
		{`{"tool_name":"replace","tool_input":{"file_path":"f","old_string":"a","new_string":"b","allow_multiple":true}}`, "a a", "b b"},
		{patch("@@\n a\n-b\n+c\n"), "a\nb\n", "a\nc\n"},
		{patch("@@ x\n-a\n+1\n@@\n-a\n+2\n"), "a\nb\na\n", "1\nb\n2\n"},
		{patch("@@\n-z\n+c\n"), "a\n", "?"},
		{patch("@@\n+c\n"), "a\n", "?"},
	} {
		call, err := hook.Parse([]byte(c.input), "")
		if err != nil || len(call.Write) != 1 {
			t.Errorf("%s: %+v, %v", c.input, call, err)
			continue
		}
		got, ok := call.Write[0].Edit(c.old)
		if !ok {
			got = "?"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.input, got, c.want)
		}
	}
}

// Hostile commands take linear time: 250 KB of anything come to an end.
func TestHostileCommands(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"'", "\"", "(", "<<", "<<a ", ">", "&", "\\", "#", "$(", "a\n", "bash -c ", "mv a ", "eval ", "<<E\n", "> a;", "((", "[[ ", "if ", "$((", "`", "\"$(", "${", "{a,b}", "echo {a,b}{a,b}{a,b};", "find . -exec ", "xargs ", "python -c '", "for a in b; do ", "a=$a$a$a;", "a+=$a;", "a=x$a;", "{{{,}", "set -- $@ $@ a;"} {
		data, err := json.Marshal(map[string]any{"tool_name": "Bash", "tool_input": map[string]string{"command": "a=b;" + strings.Repeat(part, (250<<10)/len(part))}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		c, err := hook.Parse(data, "")
		if took := time.Since(start); took > 3*time.Second || err == nil && len(c.Write) > 5000 {
			t.Errorf("%q: %v, %d writes", part, took, len(c.Write))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"tool_name":"Bash","tool_input":{"command":"cat > a <<E\nx\nE"}}`, `{"toolName":"edit","toolArgs":"{\"path\":\"a\"}"}`,
		`{"tool_name":"apply_patch","tool_input":"*** Begin Patch\n*** Update File: a\n@@\n-x\n+y\n*** End Patch"}`, `{"command":"rm 'a"}`,
	} {
		f.Add([]byte(seed), "a\nb\n")
	}
	f.Fuzz(func(t *testing.T, data []byte, old string) {
		c, err := hook.Parse(data, "")
		if err != nil {
			return
		}
		for _, w := range c.Write {
			if w.Path == "" {
				t.Error("a write of nothing")
			}
			if w.Edit != nil {
				w.Edit(old)
			}
		}
		for _, a := range hook.Agents() {
			if !json.Valid(hook.Refusal(a, fmt.Sprint(c.Write))) {
				t.Error("no JSON")
			}
		}
	})
}
