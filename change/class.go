package change

import "strings"

// Class says what a file is for. It is assigned by name and mode alone, never
// by content, so that it costs nothing and cannot be talked into another one.
//
// Every part of a name may claim the file for a class: the base name, the
// extension, each folder above it. The strongest claim wins, in the order of
// Classes. That is the same as asking rule after rule in that order, but each
// part is looked up once.
//
// The first six classes are strict: whatever looks like one of them is one,
// also under a name that only some file systems take for it. The later ones
// are mild, since policies let sessions change them, and they are given on sure
// signs only. What nothing claims is functional, because unknown must be strict.
type Class string

// The classes, in order of precedence. Cosmetic is found by comparing contents
// and never assigned.
const (
	ClassPolicy            Class = "policy"
	ClassAgentInstructions Class = "agent-instructions"
	ClassCI                Class = "ci"
	ClassDependencies      Class = "dependencies"
	ClassDeployment        Class = "deployment"
	ClassBuild             Class = "build"
	ClassVendored          Class = "vendored"
	ClassGenerated         Class = "generated"
	ClassDocs              Class = "docs"
	ClassTests             Class = "tests"
	ClassAssets            Class = "assets"
	ClassData              Class = "data"
	ClassConfig            Class = "config"
	ClassFunctional        Class = "functional"
	ClassCosmetic          Class = "cosmetic"
)

// rank is a class as its place in the order; a lower one is the stronger claim.
type rank uint8

const (
	rankPolicy rank = iota
	rankAgentInstructions
	rankCI
	rankDependencies
	rankDeployment
	rankBuild
	rankVendored
	rankGenerated
	rankDocs
	rankTests
	rankAssets
	rankData
	rankConfig
	rankFunctional
)

var classes = [...]Class{
	ClassPolicy, ClassAgentInstructions, ClassCI, ClassDependencies, ClassDeployment, ClassBuild, ClassVendored,
	ClassGenerated, ClassDocs, ClassTests, ClassAssets, ClassData, ClassConfig, ClassFunctional,
}

// Classes lists the classes that can be assigned, in order of precedence.
func Classes() []Class {
	all := classes
	return all[:]
}

// Classify assigns a class by name and mode. Without a mode it goes by the name
// alone, as for a regular file.
func Classify(path string, mode Mode) Class {
	n := newName(path)
	best := n.strongest(mode)
	if best <= rankBuild {
		return classes[best]
	}
	if strings.IndexByte(path, ':') >= 0 {
		file := newName(withoutStreams(path))
		if other := file.strongest(mode); other <= rankBuild {
			return classes[other]
		}
	}
	return classes[tempered(best, mode, n.odd)]
}

// tempered takes mild classes away from what is no plain file. A program may
// have any name: an executable keeps only the classes in which code is expected
// anyway and that documents yield to. A link is whatever it points to, and a
// name that reads differently elsewhere is nothing for sure. What a submodule
// holds comes from another repository.
func tempered(best rank, mode Mode, odd bool) rank {
	switch {
	case mode == Submodule:
		return rankDependencies
	case odd:
		return rankFunctional
	case mode == Regular, mode == NoMode:
		return best
	case mode == Executable && best <= rankGenerated:
		return best
	default:
		return rankFunctional
	}
}

// strongest collects the claims of all parts of a name.
func (n *name) strongest(mode Mode) rank {
	best, known := nameClass[n.base]
	if !known {
		best = rankFunctional
	}
	kind := extKinds[n.ext]
	best = min(best, n.pattern(kind))
	own := min(kind.rank(), n.document())
	if own > rankDocs && n.isRecord() {
		own = rankDocs
	}
	above, input := n.folders(kind, mode)
	if own == rankDocs && input.has(kind) && !n.isReadme() || n.isEditorTask() {
		own = rankFunctional
	}
	return min(best, own, above)
}

// IsDependencyFile reports whether a path is a manifest or lock file of any
// known ecosystem, or one of another class that names what is fetched: an
// image's recipe, a workflow, an infrastructure module.
func IsDependencyFile(path string) bool {
	n := newName(path)
	if n.isDependencyFile() {
		return true
	}
	if strings.IndexByte(path, ':') < 0 {
		return false
	}
	n = newName(withoutStreams(path))
	return n.isDependencyFile()
}

func (n *name) isDependencyFile() bool {
	return nameClass[n.base] == rankDependencies || n.dependencyPattern() || n.fetches()
}

// fetches knows the files that name packages, images or modules beside their
// main purpose.
func (n *name) fetches() bool {
	switch n.ext {
	case ".tf", ".tofu":
		return true
	case ".yml", ".yaml":
		return n.isCompose() || hasFolder(n.full, ".github/workflows")
	}
	return n.isImageRecipe() || n.base == "workspace" || n.base == "workspace.bazel" || strings.HasSuffix(n.base, ".tf.json")
}
