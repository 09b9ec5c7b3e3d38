package hook

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// arguments are the keys of all tools.
type arguments struct {
	Content  *string `json:"content"`
	Contents *string `json:"contents"`
	FileText *string `json:"file_text"`
	Old      *string `json:"old_string"`
	New      string  `json:"new_string"`
	OldStr   *string `json:"old_str"`
	CamelOld *string `json:"oldString"`
	CamelNew string  `json:"newString"`
	NewStr   string  `json:"new_str"`
	All      bool    `json:"replace_all"`
	Multiple bool    `json:"allow_multiple"`
	Edits    []edit  `json:"edits"`

	Command json.RawMessage `json:"command"`
	Cmd     json.RawMessage `json:"cmd"`
	Input   string          `json:"input"`
	Chars   string          `json:"chars"`
	Patch   string          `json:"patch"`
	Workdir string          `json:"workdir"`
	Working string          `json:"working_directory"`
	DirPath string          `json:"dir_path"`

	named names
}

type edit struct {
	Old string `json:"old_string"`
	New string `json:"new_string"`
	All bool   `json:"replace_all"`
}

// The keys under which tools name files, without case and underlines.
var (
	pathKeys   = []string{"filepath", "path", "notebookpath", "targetnotebook", "targetfile", "absolutepath", "relativepath", "filename", "file", "uri", "fileuri"}
	folderKeys = []string{"directory", "directorypath", "folder", "folderpath", "targetdirectory", "outputdirectory", "outputdir", "dirpath", "dir"}
	listKeys   = []string{"paths", "files", "filepaths", "replacements", "edits", "changes", "operations"}
	sourceKeys = []string{"source", "sourcepath", "oldpath"}
	targetKeys = []string{"destination", "destinationpath", "newpath"}
)

// names are the files that arguments name.
type names struct {
	files, listed, sources, targets, folders []string
	notebook                                 bool
}

// namesIn finds them. Two keys that differ in case alone are refused: which one the
// tool goes by cannot be told.
func namesIn(data json.RawMessage) (n names, err error) {
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return n, nil // arguments that are no object name nothing
	}
	seen := make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		folded := strings.ToLower(strings.ToUpper(key))
		if other, twice := seen[folded]; twice {
			return n, fmt.Errorf("its arguments have both %q and %q", other, key)
		}
		seen[folded] = key
		switch plain := strings.ReplaceAll(folded, "_", ""); {
		case slices.Contains(pathKeys, plain):
			n.files = append(n.files, located(all[key])...)
			n.notebook = n.notebook || strings.Contains(plain, "notebook")
		case slices.Contains(folderKeys, plain):
			n.folders = append(n.folders, located(all[key])...)
		case slices.Contains(listKeys, plain):
			n.listed = append(n.listed, listed(all[key])...)
		case slices.Contains(sourceKeys, plain):
			n.sources = append(n.sources, located(all[key])...)
		case slices.Contains(targetKeys, plain):
			n.targets = append(n.targets, located(all[key])...)
		}
	}
	return n, nil
}

// located is the file that a text names: a path or a file's URI, and no other URI.
func located(data json.RawMessage) []string {
	var text string
	if json.Unmarshal(data, &text) != nil || text == "" {
		return nil
	}
	if !strings.Contains(text, "://") {
		return []string{text}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return []string{text}
	case u.Scheme == "file" && u.Path != "":
		return []string{u.Path}
	}
	return nil
}

// listed are the files of a list of texts, or of objects that name one each.
func listed(data json.RawMessage) (files []string) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	for _, one := range list {
		files = append(files, located(one)...)
		var object map[string]json.RawMessage
		if json.Unmarshal(one, &object) != nil {
			continue
		}
		for key, value := range object {
			if slices.Contains(pathKeys, strings.ReplaceAll(strings.ToLower(key), "_", "")) {
				files = append(files, located(value)...)
			}
		}
	}
	return files
}

func (c *Call) arguments(data json.RawMessage, text string) error {
	a, err := c.decode(data, text)
	if err != nil {
		return err
	}
	command := words(a.Command)
	if command == "" {
		command = words(a.Cmd)
	}
	if command == "" && slices.Contains(typing, c.Tool) {
		command = strings.ReplaceAll(a.Input+a.Chars, "{enter}", "\n") // Copilot's name of the key
	}
	for _, p := range []string{a.Patch, a.Input, command} {
		if isPatch(p) {
			c.Write = append(c.Write, patch(p)...)
			return nil
		}
	}
	if command != "" {
		c.Dir = a.workdir(c.Dir)
	}
	nameless := len(a.named.files)+len(a.named.folders) == 0
	switch {
	case nameless && slices.Contains(fileTools, c.Tool):
		return fmt.Errorf("the tool %s writes, and its arguments name no file", c.Tool)
	case command == "" && slices.Contains(shellTools, c.Tool):
		return fmt.Errorf("the tool %s runs a command, and its arguments hold none that can be read", c.Tool)
	case c.reads() && (nameless || command == ""):
	case command == "view" && !nameless: // an editor told to show
	case c.runs() || nameless:
		return c.several(a, command)
	default:
		c.Assumed = !c.writes()
		for _, name := range a.named.files {
			c.Write = append(c.Write, Write{Path: name, Removed: c.named(removes), Edit: a.edit(), Into: true})
		}
		for _, name := range a.named.folders {
			c.Write = append(c.Write, Write{Path: name, Removed: c.named(removes), Into: true})
		}
		return c.several(a, command)
	}
	return nil
}

// several are the files of a command, and of tools that write more than one.
func (c *Call) several(a arguments, command string) error {
	if err := c.shell(command); err != nil || !c.writes() {
		return err
	}
	for _, name := range a.named.listed {
		c.Write = append(c.Write, Write{Path: name, Removed: c.named(removes), Into: true})
	}
	for _, name := range a.named.targets {
		c.Write = append(c.Write, Write{Path: name, Into: true})
	}
	for _, name := range a.named.sources {
		if c.named(moving) {
			c.Write = append(c.Write, Write{Path: name, Removed: true})
		}
	}
	return nil
}

func (c *Call) decode(data json.RawMessage, text string) (a arguments, err error) {
	if isPatch(text) {
		a.Patch = text
		return a, nil
	}
	err = json.Unmarshal(data, &a)
	if err != nil && !c.writes() && !c.runs() {
		a, err = arguments{Command: a.Command, Cmd: a.Cmd}, nil // another tool's keys may hold anything
	}
	if err == nil {
		a.named, err = namesIn(data)
	}
	if err != nil && !c.reads() {
		return a, fmt.Errorf("the arguments of the tool %s are not understood: %w", c.Tool, err)
	}
	return a, nil
}

// workdir is the folder that a command is run in.
func (a *arguments) workdir(dir string) string {
	for _, d := range []string{a.Workdir, a.Working, a.DirPath} {
		if d != "" {
			return within(dir, d)
		}
	}
	return dir
}

// edit is what the arguments make of a file, nil where they do not say.
func (a *arguments) edit() func(string) (string, bool) {
	edits := a.Edits
	for _, content := range []*string{a.Content, a.Contents, a.FileText} {
		if content != nil && !a.named.notebook {
			return func(string) (string, bool) { return *content, true }
		}
	}
	switch {
	case a.named.notebook:
		return nil
	case a.Old != nil:
		edits = append(edits, edit{*a.Old, a.New, a.All || a.Multiple})
	case a.OldStr != nil:
		edits = append(edits, edit{*a.OldStr, a.NewStr, a.All})
	case a.CamelOld != nil:
		edits = append(edits, edit{*a.CamelOld, a.CamelNew, false})
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
