package testset

import (
	"path"
	"strings"
)

// A pytestConfig is what one configuration file says.
type pytestConfig struct {
	file, dir   string // "" and the folder of the run when there is none
	testpaths   []string
	pythonFiles []string
	functions   []string
	classes     []string
	norecurse   []string
	pythonpath  []string // as folders of the tree
	addopts     []string
	unreadable  bool
}

// What pytest takes when nobody says otherwise.
var (
	pytestFiles     = []string{"test_*.py", "*_test.py"}
	pytestNorecurse = []string{"*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}"}
)

// pytestFileNames in the order in which pytest asks them; the first two count
// even when they are empty.
var pytestFileNames = []string{"pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"}

// pytestConfigs are the configurations by folder.
func (c *collector) pytestConfigs() (map[string]*pytestConfig, error) {
	configs := make(map[string]*pytestConfig)
	for _, name := range pytestFileNames {
		for _, p := range c.tree.named(name) {
			dir := parent(p)
			if configs[dir] != nil {
				continue
			}
			config, err := c.pytestConfig(p)
			if err != nil {
				return nil, err
			}
			if config != nil {
				configs[dir] = config
			}
		}
	}
	return configs, nil
}

// pytestConfig reads a file; nil when it says nothing of pytest.
func (c *collector) pytestConfig(p string) (*pytestConfig, error) {
	text, ok, err := c.tree.text(p)
	if !ok || err != nil {
		return nil, err
	}
	config := &pytestConfig{file: p, dir: parent(p)}
	base := path.Base(p)
	if strings.HasSuffix(base, ".toml") {
		return c.pytestTOML(config, text, base == "pyproject.toml")
	}
	section := "pytest"
	if base == "setup.cfg" {
		section = "tool:pytest"
	}
	found := base == "pytest.ini" || base == ".pytest.ini"
	for _, s := range parseINI(text) {
		if s.name != section {
			continue
		}
		found = true
		for _, k := range s.keys {
			if pytestKeys[k.name] {
				config.set(k.name, c.few(p, splitWords(k.value)))
			}
		}
	}
	if !found {
		return nil, nil
	}
	return config, nil
}

// pytestTOML reads the tables of pytest; those of pytest 9 are without
// "ini_options".
func (c *collector) pytestTOML(config *pytestConfig, text string, shared bool) (*pytestConfig, error) {
	tables, err := tomlTables(text)
	if err != nil {
		c.opaque(config.file, 1, "a configuration that cannot be read ("+err.Error()+")")
		config.unreadable = true
		return config, nil
	}
	found := !shared
	for _, name := range []string{"tool.pytest.ini_options", "tool.pytest", "pytest"} {
		if shared == (name == "pytest") {
			continue
		}
		if tables[name] != nil {
			found = true
		}
		for key, v := range tables[name] {
			words := v.list
			if !pytestKeys[key] {
				continue
			}
			if words == nil {
				words = splitWords(v.text)
			}
			config.set(key, c.few(config.file, words))
		}
	}
	if !found {
		return nil, nil
	}
	return config, nil
}

// naming is what the configuration takes for tests.
func (p *pytestConfig) naming() Naming {
	names := usualNames
	if p.functions != nil {
		names.functions = p.functions
	}
	if p.classes != nil {
		names.classes = p.classes
	}
	return names
}

// pytestKeys are those that say what is collected.
var pytestKeys = map[string]bool{
	"testpaths": true, "python_files": true, "python_functions": true, "python_classes": true, "norecursedirs": true, "addopts": true, "pythonpath": true, "python_paths": true,
}

func (p *pytestConfig) set(key string, words []string) {
	switch key {
	case "testpaths":
		p.testpaths = words
	case "python_files":
		p.pythonFiles = words
	case "python_functions":
		p.functions = words
	case "python_classes":
		p.classes = words
	case "norecursedirs":
		p.norecurse = words
	case "addopts":
		p.addopts = words
	case "pythonpath", "python_paths":
		for _, w := range words {
			p.pythonpath = append(p.pythonpath, join(p.dir, w))
		}
	}
}

// shellSigns are no signs in a list of words.
var shellSigns = strings.NewReplacer("\n", " ", ";", `\;`, "&", `\&`, "|", `\|`, "(", `\(`, ")", `\)`, "#", `\#`)

// splitWords splits at blanks and line ends, outside quotes.
func splitWords(value string) []string {
	var words []string
	for _, cmd := range shellCommands(shellSigns.Replace(value)) {
		words = append(append(words, cmd.env...), cmd.words...)
	}
	return words
}
