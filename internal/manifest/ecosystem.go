package manifest

import "strings"

// The ecosystems whose versions are loose, named as package URLs name them where
// they do.
const (
	Docker    = "docker"
	Actions   = "githubactions"
	Cargo     = "cargo"
	Maven     = "maven"
	Composer  = "composer"
	Gem       = "gem"
	NuGet     = "nuget"
	Pub       = "pub"
	Hex       = "hex"
	Swift     = "swift"
	Terraform = "terraform"
	Helm      = "helm"
	Git       = "git"
	PreCommit = "pre-commit"
)

// looseSpecs read the specifications of each ecosystem.
var looseSpecs = map[string]func(spec string) (*looseSet, bool){
	Docker:    tagSpec,
	Actions:   tagSpec,
	PreCommit: tagSpec,
	Git:       tagSpec,
	Cargo:     func(s string) (*looseSet, bool) { return clauseSpec(s, "^", ",", "") },
	Composer:  composerSpec,
	Gem:       func(s string) (*looseSet, bool) { return clauseSpec(s, "=", ",", "") },
	Hex:       hexSpec,
	Maven:     mavenSpec,
	NuGet:     nugetSpec,
	Pub:       pubSpec,
	Swift:     func(s string) (*looseSet, bool) { return clauseSpec(s, "=", " ", "") },
	Terraform: func(s string) (*looseSet, bool) { return clauseSpec(s, "=", ",", "") },
	Helm:      func(s string) (*looseSet, bool) { return clauseSpec(s, "=", " ", "||") },
}

// looseOf reads a specification of an ecosystem whose versions are compared
// loosely. One that is too long is opaque.
func looseOf(ecosystem, spec string) (*looseSet, bool) {
	read := looseSpecs[ecosystem]
	if read == nil || len(spec) > maxSpec {
		return nil, false
	}
	return read(spec)
}

// looseKinds compares two specifications of an ecosystem.
func looseKinds(old, new *Package) ([]Kind, bool) {
	a, okA := looseOf(old.Ecosystem, old.Spec)
	b, okB := looseOf(new.Ecosystem, new.Spec)
	if !okA || !okB {
		return nil, false
	}
	return setKinds(a, b), true
}

// clauseSpec reads clauses that all hold, and alternatives where there is a word
// for them. Blanks and commas separate clauses where the operator of the next
// one says so.
func clauseSpec(spec, bare, separator, or string) (*looseSet, bool) {
	alternatives := []string{spec}
	if or != "" {
		alternatives = strings.Split(spec, or)
	}
	var list [][]clause
	for _, alternative := range alternatives {
		var all []clause
		if separator == " " {
			alternative = glued(alternative)
		}
		for part := range strings.SplitSeq(alternative, separator) {
			if len(all) > maxClauses {
				return nil, false
			}
			part = strings.TrimSpace(part)
			if part == "" && separator == " " {
				continue
			}
			op, version := cutOperator(part)
			switch op {
			case "":
				op = bare
			case "==":
				op = "="
			}
			if bare == "^" && op == "=" && strings.Count(version, ".") < 2 { // in Cargo =1.2 is every 1.2
				op = "prefix"
			}
			all = append(all, clause{op, version})
		}
		list = append(list, all)
	}
	return looseSpec(list, false)
}

// glued joins operators with the versions behind them and takes commas for blanks.
func glued(s string) string {
	words := strings.Fields(strings.ReplaceAll(s, ",", " "))
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w)
		if strings.Trim(w, "<>=!~^") != "" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// tagSpec: fewer than three numbers are a tag that moves with every release below
// it.
func tagSpec(tag string) (*looseSet, bool) {
	v, ok := parseLoose(tag, true)
	if !ok {
		return nil, false
	}
	op := "="
	if len(v.core) < 3 && len(v.words) == 0 {
		op = "prefix"
	}
	return looseSpec([][]clause{{{op, tag}}}, true)
}

// hasDigest reports whether a text is the digest of an image.
func hasDigest(s string) bool {
	hash, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(hash) == 64 && isHex(hash) || strings.HasPrefix(s, "sha512:") && len(s) == 7+128 && isHex(s[7:])
}

// addNew adds packages that are not there in the same words; seen is shared by all
// of a file. One package and its version may be used in a hundred steps.
func (f *File) addNew(p Package, seen map[string]bool) error {
	key := identity(&p) + "\x00" + fingerprint(&p)
	if seen[key] {
		return nil
	}
	seen[key] = true
	f.Packages = append(f.Packages, p)
	return f.count()
}
