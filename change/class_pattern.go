package change

import "strings"

// pattern is the claim of names that no table can list.
func (n *name) pattern(k kind) rank {
	switch {
	case n.isPolicy():
		return rankPolicy
	case n.isAgentFile():
		return rankAgentInstructions
	case strings.HasPrefix(n.base, "jenkinsfile") && k != kindProse:
		return rankCI
	case n.dependencyPattern():
		return rankDependencies
	case n.isImageRecipe(), n.isCompose(), strings.HasPrefix(n.base, "cloudbuild") && k == kindSettings, strings.HasSuffix(n.base, ".tf.json"):
		return rankDeployment
	case n.isBuildScript(k):
		return rankBuild
	case n.isGenerated():
		return rankGenerated
	case k == kindCode && n.isTestCode():
		return rankTests
	case strings.HasPrefix(n.base, ".env") && separated(n.base, len(".env")):
		return rankConfig
	default:
		return rankFunctional
	}
}

// isPolicy knows this guard's files and the places in which code owners are
// looked for.
func (n *name) isPolicy() bool {
	if n.base == "codeowners" {
		switch n.full {
		case "codeowners", "docs/codeowners", ".github/codeowners", ".gitlab/codeowners", ".gitea/codeowners", ".forgejo/codeowners", ".bitbucket/codeowners":
			return true
		}
	}
	return strings.HasPrefix(n.full, ".github/changeguard.") || n.full == ".github/settings.yml"
}

// isAgentFile knows instructions by their ending, and the editor settings by
// which an agent has given itself leave to run commands unasked.
func (n *name) isAgentFile() bool {
	switch n.ext {
	case ".md":
		return strings.HasSuffix(n.base, ".instructions.md") || strings.HasSuffix(n.base, ".prompt.md") || strings.HasSuffix(n.base, ".chatmode.md") || strings.HasSuffix(n.base, ".agent.md")
	case ".json":
		return hasFolder(n.full, ".vscode") && (n.base == "settings.json" || n.base == "mcp.json")
	}
	return strings.HasPrefix(n.base, ".aider")
}

// dependencyPattern knows the manifests without a fixed name.
func (n *name) dependencyPattern() bool {
	switch n.ext {
	case ".txt", ".in":
		return n.isRequirements()
	case ".toml":
		return strings.HasPrefix(n.base, "pylock.") || strings.HasSuffix(n.base, ".versions.toml") || n.base == "config.toml" && hasFolder(n.full, ".cargo")
	case ".yml", ".yaml":
		return strings.HasPrefix(n.base, "environment") || strings.HasSuffix(n.base, ".conda-lock.yml")
	case ".cjs", ".js":
		return hasFolder(n.full, ".yarn")
	case ".kts":
		return strings.HasSuffix(n.base, ".gradle.kts")
	case ".json":
		return strings.HasSuffix(n.base, ".podspec.json")
	case ".swift":
		return strings.HasPrefix(n.base, "package@swift-")
	case ".xml":
		return hasFolder(n.full, ".mvn")
	case "":
		return n.base == "config" && (hasFolder(n.full, ".cargo") || hasFolder(n.full, ".bundle"))
	}
	return extKinds[n.ext] == kindDependencies
}

// isRequirements knows pip's lists: by a word in their name or by their folder.
func (n *name) isRequirements() bool {
	if n.base == "modules.txt" {
		return hasFolder(n.full, "vendor")
	}
	stem := strings.TrimSuffix(n.base, n.ext)
	for _, word := range [...]string{"requirements", "constraints"} {
		switch at := strings.LastIndex(stem, word); {
		case at == 0, at > 0 && at+len(word) == len(stem) && strings.IndexByte("-_.", stem[at-1]) >= 0:
			return true
		case strings.HasSuffix(n.full[:len(n.full)-len(n.base)], word+"/"):
			return true
		}
	}
	return false
}

// isImageRecipe knows a Dockerfile under each of its names; one that ends like
// a document is a document about one.
func (n *name) isImageRecipe() bool {
	switch extKinds[n.ext] {
	case kindProse:
		return false
	case kindCode: // "Dockerfile.go" is one for Go, "dockerfile.go" is Go
		if base := n.path[strings.LastIndexByte(n.path, '/')+1:]; strings.HasPrefix(base, "dockerfile") || strings.HasPrefix(base, "containerfile") {
			return false
		}
	}
	return strings.HasPrefix(n.base, "dockerfile") && separated(n.base, len("dockerfile")) || strings.HasPrefix(n.base, "containerfile") && separated(n.base, len("containerfile")) ||
		n.ext == ".dockerfile" || n.ext == ".containerfile"
}

// separated reports whether a name ends at a place or goes on behind a mark.
func separated(base string, at int) bool {
	return len(base) == at || strings.IndexByte(".-_", base[at]) >= 0
}

func (n *name) isCompose() bool {
	if n.ext != ".yml" && n.ext != ".yaml" {
		return false
	}
	return strings.HasPrefix(n.base, "docker-compose") || strings.HasPrefix(n.base, "compose.") || strings.HasPrefix(n.base, "compose-")
}

// isBuildScript knows the configuration of bundlers, which is code that builds.
func (n *name) isBuildScript(k kind) bool {
	switch k {
	case kindCode:
		stem := strings.TrimSuffix(n.base, n.ext)
		return (strings.HasSuffix(stem, ".config") || strings.HasPrefix(stem, "webpack.")) && !testRunner(stem)
	case kindSettings:
		return strings.HasPrefix(n.base, "tsconfig.")
	case kindProse:
		return false
	}
	return strings.HasPrefix(n.base, "makefile.")
}

// testRunner knows the names of test runners' configuration, which decides
// what is tested.
func testRunner(stem string) bool {
	runner, _, found := strings.Cut(stem, ".config")
	switch runner {
	case "jest", "vitest", "playwright", "cypress", "karma", "ava", "wdio":
		return found
	}
	return false
}

// isGenerated takes names that generators give and people do not. A name
// proves no origin, so a policy that lets sessions change generated files trusts
// whoever names them; names that people give as well, like "_gen.go", stay out.
func (n *name) isGenerated() bool {
	for _, end := range generatedEnds(n.ext) {
		if strings.HasSuffix(n.base, end) {
			return true
		}
	}
	return false
}

func generatedEnds(ext string) []string {
	switch ext {
	case ".go":
		return []string{".pb.go", ".pb.gw.go"}
	case ".py", ".pyi":
		return []string{"_pb2.py", "_pb2.pyi", "_pb2_grpc.py", "_pb2_grpc.pyi"}
	case ".js", ".css":
		return []string{".min.js", ".min.css"}
	case ".map":
		return []string{".js.map", ".css.map", ".mjs.map"}
	case ".cc", ".h":
		return []string{".pb.cc", ".pb.h"}
	case ".dart":
		return []string{".g.dart", ".freezed.dart", ".pb.dart"}
	case ".cs":
		return []string{".g.cs", ".designer.cs"}
	}
	return nil
}

// isTestCode goes by the names that test runners collect. Some are words only
// with their capital: "FooTest.java" is a test, "Latest.java" is not.
func (n *name) isTestCode() bool {
	stem := strings.TrimSuffix(n.base, n.ext)
	if testRunner(stem) {
		return true
	}
	switch n.ext {
	case ".go":
		return strings.HasSuffix(stem, "_test")
	case ".py":
		return strings.HasPrefix(stem, "test_") || strings.HasSuffix(stem, "_test")
	case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte":
		return strings.HasSuffix(stem, ".test") || strings.HasSuffix(stem, ".spec") || strings.HasSuffix(stem, ".e2e") || strings.HasSuffix(stem, ".cy")
	case ".java", ".kt", ".cs", ".scala", ".php", ".swift", ".groovy", ".vb":
		stem = n.path[strings.LastIndexByte(n.path, '/')+1:]
		stem = stem[:max(strings.LastIndexByte(stem, '.'), 0)]
		return strings.HasSuffix(stem, "Test") || strings.HasSuffix(stem, "Tests") || strings.HasSuffix(stem, "TestCase") || strings.HasSuffix(stem, "Spec")
	}
	return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_spec")
}

// document is the claim of a name that documents have, with an extension or
// without.
func (n *name) document() rank {
	switch {
	case documentNames[n.base], capitalNames[n.path[strings.LastIndexByte(n.path, '/')+1:]]:
		return rankDocs
	case n.ext != "" && n.isManual():
		return rankDocs
	default:
		return rankFunctional
	}
}

// isManual knows manual pages, "man/man1/x.1".
func (n *name) isManual() bool {
	return len(n.ext) == 2 && n.ext[1] >= '1' && n.ext[1] <= '9' && (hasFolder(n.full, "man") || hasFolder(n.full, "man"+n.ext[1:]))
}

// isReadme is a document wherever it lies.
func (n *name) isReadme() bool {
	switch stem, _, _ := strings.Cut(n.base, "."); stem {
	case "notes", "todo", "news", "history", "changes":
		return true
	default:
		return documentNames[stem] || n.isAccount()
	}
}

// isAccount knows documents about the files beside them, in capitals as people name
// them: "BILLING_README.md", "STEP_2_EXECUTION_CHECKLIST.md". A guide may be one of
// style that a program sends along, unless its name says more than that.
func (n *name) isAccount() bool {
	stem, prose := strings.CutSuffix(n.path[strings.LastIndexByte(n.path, '/')+1:], ".md")
	if !prose || stem != strings.ToUpper(stem) {
		return false
	}
	at := strings.LastIndexByte(stem, '_')
	if at < 0 || instructs(stem[:at]) {
		return false
	}
	switch stem[at+1:] {
	case "README", "CHANGELOG", "UPDATES", "CHECKLIST":
		return true
	case "GUIDE":
		return strings.Contains(stem[:at], "_")
	}
	return false
}

// isEditorTask knows settings that are commands.
func (n *name) isEditorTask() bool {
	return (n.base == "tasks.json" || n.base == "launch.json") && hasFolder(n.full, ".vscode")
}
