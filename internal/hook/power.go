package hook

import (
	"encoding/base64"
	"encoding/binary"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// powershell is a shell of that kind in another one.
func (s *script) powershell(args []string, in output) output {
	for i, a := range args {
		name := strings.ToLower(a)
		more := i+1 < len(args)
		switch {
		case !strings.HasPrefix(a, "-") && i > 0 && takesValue(args[i-1]):
		case strings.HasPrefix(a, "-") && len(a) > 1 && strings.HasPrefix("-encodedcommand", name) && more && name != "-e" || name == "-e" && more || name == "-ec" && more:
			s.nestedPower(decoded(args[i+1]))
			return output{}
		case len(a) > 1 && strings.HasPrefix("-command", name):
			s.nestedPower(strings.Join(args[i+1:], " "))
			if more && args[i+1] == "-" && in.known {
				s.nestedPower(in.text)
			}
			return output{}
		case len(a) > 1 && strings.HasPrefix("-file", name):
			return output{}
		case !strings.HasPrefix(a, "-"):
			s.nestedPower(strings.Join(args[i:], " "))
			return output{}
		}
	}
	if in.known {
		s.nestedPower(in.text)
	}
	return output{}
}

func takesValue(option string) bool {
	return slices.Contains([]string{"-executionpolicy", "-ep", "-ex", "-exec", "-version", "-windowstyle", "-w", "-workingdirectory", "-wd", "-inputformat", "-outputformat"}, strings.ToLower(option))
}

// decoded is a command in base 64 of UTF-16.
func decoded(text string) string {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) > maxCommand {
		return "" // which is no command
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return strings.ReplaceAll(string(utf16.Decode(units)), "\x00", "")
}

// cmd runs what is behind /c.
func (s *script) cmd(args []string, _ output) output {
	for i, a := range args {
		if name := strings.ToLower(strings.TrimLeft(a, "/")); name == "c" || name == "k" || name == "s" && i+1 < len(args) {
			s.nestedPower(strings.Join(args[i+1:], " "))
			return output{}
		}
	}
	return output{}
}

func (s *script) nestedPower(text string) {
	if s.depth >= maxNested {
		return
	}
	s.depth++
	was := s.place
	s.power(text)
	s.place = was
	s.depth--
}

var staticCall = lazyregexp.New(`\[([A-Za-z.]+)\]::`)

// power reads PowerShell.
func (s *script) power(text string) {
	var out output
	for _, c := range splitPower(text) {
		if s.words > maxWords {
			return
		}
		in := out
		if !c.piped {
			in = output{}
		}
		out = s.powerCommand(c, in)
	}
	if staticCall.MatchString(text) {
		text = staticCall.ReplaceAllString(strings.ReplaceAll(text, `\`, "/"), "$1.")
		s.tokens(scan(strings.ReplaceAll(text, "$PWD", s.dir), 0))
	}
}

func (s *script) powerCommand(c *command, in output) output {
	words := c.words
	if len(words) > 2 && len(words[0].parts) == 1 && words[0].parts[0].kind == variable {
		if text := words[1].plain(); text == "=" || text == "in" {
			s.vars[words[0].parts[0].text] = s.assigned(words[2:])
			return output{}
		}
	}
	var args, to []string
	for i, w := range words {
		switch {
		case w.redirect != "":
		case i > 0 && words[i-1].redirect != "":
			to = append(to, s.values(w)...)
		default:
			args = append(args, s.values(w)...)
		}
	}
	s.write(to...)
	if len(args) == 0 {
		return in
	}
	if len(words[0].parts) > 0 && (words[0].parts[0].kind == variable || words[0].parts[0].quoted) && !strings.EqualFold(path.Ext(args[0]), ".exe") {
		return output{files: args}
	}
	return s.cmdlet(args[0], args[1:], in)
}

// assigned is what a variable is set to.
func (s *script) assigned(words []word) []string {
	args := []string{}
	for _, w := range words {
		args = append(args, s.values(w)...)
	}
	if _, ok := cmdlets[canonical(words[0].plain())]; ok && len(args) > 0 {
		return s.cmdlet(args[0], args[1:], output{}).values()
	}
	return args
}

// cmdlet has the names of its parameters by place; what follows the names of the
// others is passed over, unless they are switches.
var cmdlets = map[string][]string{
	"set-content": {"path", "value"}, "add-content": {"path", "value"}, "clear-content": {"path"}, "out-file": {"filepath", "encoding"}, "tee-object": {"filepath"},
	"remove-item": {"path"}, "copy-item": {"path", "destination"}, "move-item": {"path", "destination"}, "rename-item": {"path", "newname"}, "new-item": {"path"},
	"export-csv": {"path"}, "export-clixml": {"path"}, "invoke-webrequest": {"uri"}, "invoke-restmethod": {"uri"}, "expand-archive": {"path", "destinationpath"},
	"set-location": {"path"}, "push-location": {"path"}, "pop-location": nil, "get-childitem": {"path", "filter"}, "get-item": {"path"}, "get-content": {"path"}, "invoke-expression": {"command"},
	"foreach-object": nil, "where-object": nil, "select-object": nil, "sort-object": nil, "resolve-path": {"path"}, "get-location": nil,
	"mkdir": nil, "write-output": nil, "write-host": nil,
}

var aliases = map[string]string{
	"sc": "set-content", "ac": "add-content", "clc": "clear-content", "tee": "tee-object", "rm": "remove-item", "del": "remove-item", "erase": "remove-item", "rd": "remove-item", "ri": "remove-item", "rmdir": "remove-item",
	"cp": "copy-item", "copy": "copy-item", "cpi": "copy-item", "mv": "move-item", "move": "move-item", "mi": "move-item", "ren": "rename-item", "rni": "rename-item", "ni": "new-item", "epcsv": "export-csv",
	"iwr": "invoke-webrequest", "wget": "invoke-webrequest", "irm": "invoke-restmethod", "cd": "set-location", "sl": "set-location", "chdir": "set-location", "pushd": "push-location", "popd": "pop-location",
	"gci": "get-childitem", "ls": "get-childitem", "dir": "get-childitem", "gi": "get-item", "gc": "get-content", "cat": "get-content", "type": "get-content", "iex": "invoke-expression",
	"%": "foreach-object", "foreach": "foreach-object", "?": "where-object", "where": "where-object", "select": "select-object", "sort": "sort-object", "md": "mkdir", "echo": "write-output", "pwd": "get-location", "rvpa": "resolve-path",
}

func canonical(name string) string {
	name = strings.ToLower(name)
	if full, ok := aliases[name]; ok {
		return full
	}
	return name
}

var switches = []string{"recurse", "force", "append", "nonewline", "raw", "wait", "passthru", "noclobber", "notypeinformation", "whatif", "verbose", "usebasicparsing", "directory", "asbytestream"}

// parameters of a cmdlet, by name; those by place have the names of their places.
func parameters(places, args []string) map[string][]string {
	named := make(map[string][]string)
	at := 0
	for i := 0; i < len(args); i++ {
		a := args[i]
		if len(a) < 2 || a[0] != '-' || a[1] >= '0' && a[1] <= '9' {
			name := ""
			if at < len(places) {
				name = places[at]
			}
			if named[name] = append(named[name], a); at < len(places)-1 {
				at++
			}
			continue
		}
		name, value, joined := strings.Cut(strings.ToLower(a[1:]), ":")
		if slices.ContainsFunc(switches, func(s string) bool { return strings.HasPrefix(s, name) }) {
			named["-"+name] = nil
			continue
		}
		if !joined && i+1 < len(args) {
			i++
			value = args[i]
		}
		name = parameter(places, name)
		named[name] = append(named[name], value)
		if len(places) > at && places[at] == name {
			at = min(at+1, len(places)-1)
		}
	}
	return named
}

// parameter is the whole name of a parameter that is begun.
func parameter(places []string, name string) string {
	for _, full := range append(places[:len(places):len(places)], "literalpath", "outfile", "itemtype", "type", "name", "filter", "include", "filepath") {
		if strings.HasPrefix(full, name) {
			switch full {
			case "literalpath", "lp":
				return "path"
			case "type":
				return "itemtype"
			}
			return full
		}
	}
	return name
}

// cmdlet is a command of PowerShell, or a program.
func (s *script) cmdlet(name string, args []string, in output) output {
	if name == "-replace" || strings.HasPrefix(name, ".") {
		return output{} // a text that was changed
	}
	full := canonical(name)
	places, ok := cmdlets[full]
	if !ok {
		return s.simple(append([]string{name}, args...), in)
	}
	p := parameters(places, args)
	if full == "out-file" || full == "tee-object" {
		p["path"] = append(p["path"], p["filepath"]...)
	}
	files := p["path"]
	if _, ok := p["-whatif"]; ok {
		return output{}
	}
	return s.cmdletWrites(full, p, files, in)
}

func (s *script) cmdletWrites(name string, p map[string][]string, files []string, in output) output {
	switch name {
	case "set-content", "add-content", "clear-content", "out-file", "tee-object", "export-csv", "export-clixml":
		s.write(files...)
		return in
	case "remove-item":
		if len(files) == 0 {
			files = in.names(false)
		}
		s.remove(files...)
	case "copy-item", "move-item":
		if len(files) == 0 {
			files = in.names(false)
		}
		s.moved(map[string]string{"copy-item": "cp", "move-item": "mv"}[name], append(slices.Clip(files), p["destination"]...))
	case "rename-item":
		if len(files) == 1 && len(p["newname"]) == 1 {
			s.moved("mv", []string{files[0], path.Join(path.Dir(files[0]), p["newname"][0])})
		}
	case "new-item":
		s.newItem(p, files)
	case "invoke-webrequest", "invoke-restmethod":
		s.write(p["outfile"]...)
	case "expand-archive":
		for _, dir := range p["destinationpath"] {
			s.write(path.Join(dir, "*"))
		}
	default:
		return s.cmdletReads(name, p, files, in)
	}
	return output{}
}

func (s *script) newItem(p map[string][]string, files []string) {
	if kinds := p["itemtype"]; len(kinds) > 0 && strings.HasPrefix(strings.ToLower(kinds[0]), "d") {
		return // a folder
	}
	if len(p["name"]) == 0 {
		s.write(files...)
		return
	}
	for _, dir := range append(files, ".")[:1] {
		s.write(path.Join(dir, p["name"][0]))
	}
}

func (s *script) cmdletReads(name string, p map[string][]string, files []string, in output) output {
	switch name {
	case "set-location":
		return s.cd(files, in)
	case "push-location":
		return s.pushd(files, in)
	case "pop-location":
		return s.popd(nil, in)
	case "get-location":
		return s.pwd(nil, in)
	case "get-childitem":
		_, recurse := p["-recurse"]
		_, short := p["-r"]
		if len(files) == 0 {
			files = []string{"."}
		}
		return output{files: s.listed(files, Write{Set: Tracked, Names: append(p["filter"], p["include"]...), Shallow: !recurse && !short})}
	case "get-item", "resolve-path":
		return output{files: files}
	case "invoke-expression":
		s.nestedPower(strings.Join(p["command"], " "))
	case "foreach-object":
		s.vars["_"], s.vars["psitem"] = in.names(false), in.names(false)
	case "where-object", "select-object", "sort-object":
		return in
	}
	return output{}
}
