package change

import "strings"

// folders collects the claims of the folders above a file. A link or a
// submodule stands in the place of a folder, so its own name claims as well:
// one called ".claude" replaces everything below it.
//
// The second result is the set of kinds that are no documents there.
func (n *name) folders(k kind, mode Mode) (best rank, input kinds) {
	best = rankFunctional
	if stem := strings.TrimSuffix(n.base, n.ext); programText[n.base] || (strings.HasSuffix(stem, "prompt") || strings.HasSuffix(stem, "prompts")) && !n.isTask() {
		input = words
	}
	if k == kindText && !n.isWritten() {
		input |= of(kindText)
	}
	inDocs := false
	for start := 0; ; {
		length := strings.IndexByte(n.full[start:], '/')
		last := length < 0
		if last {
			length = len(n.full) - start
		}
		segment, end := n.full[start:start+length], start+length
		if last && mode != Symlink && mode != Submodule && !claimsItself(segment) {
			return best, input
		}
		if start == 0 {
			best = min(best, n.top(segment, k))
		}
		inDocs = inDocs || !last && isDocFolder(segment)
		if f, known := anywhere[segment]; known {
			if last || f.kinds.has(k) {
				best = min(best, f.rank)
			}
			if !inDocs || f.rank == rankTests {
				input |= f.input
			}
		} else if !last && !inDocs && (strings.HasSuffix(segment, "prompts") || settingsFolder(segment)) {
			input |= words
		}
		best = min(best, n.special(segment, end, k))
		if last {
			return best, input
		}
		start = end + 1
	}
}

// claimsItself: a plain file of an agent folder's name is as good as the folder,
// since some agents read either.
func claimsItself(segment string) bool {
	f, known := anywhere[segment]
	return known && f.rank == rankAgentInstructions
}

func isDocFolder(segment string) bool {
	return segment == "docs" || segment == "doc" || segment == "documentation"
}

// isWritten reports whether a text lies where people write: at the top, or in a
// folder of documents.
func (n *name) isWritten() bool {
	folders := n.full[:len(n.full)-len(n.base)]
	for folder := range strings.SplitSeq(folders, "/") {
		if textFolders[folder] {
			return true
		}
	}
	return folders == ""
}

// settingsFolder knows the hidden folders, in which tools keep what they obey,
// prose too, unless people write there.
func settingsFolder(segment string) bool {
	return len(segment) > 1 && segment[0] == '.' && !writtenFolders[segment]
}

// top is the claim of the topmost folder.
func (n *name) top(segment string, k kind) rank {
	if f, known := topmost[segment]; known && f.kinds.has(k) {
		return f.rank
	}
	return rankFunctional
}

// special is the claim of folders whose meaning depends on what is next to
// them. The rest is the path behind the folder; without one the folder itself
// was replaced.
func (n *name) special(segment string, end int, k kind) rank {
	switch segment {
	case ".github", ".gitlab", ".gitea", ".forgejo":
		return forge(strings.TrimPrefix(n.full[end:], "/"), k)
	case ".yarn":
		return rankVendored
	case "vendor":
		// Go and Composer put the host or owner next; a shop's vendors do not.
		host, _, _ := strings.Cut(strings.TrimPrefix(n.full[end:], "/"), "/")
		if strings.IndexByte(host, '.') > 0 && len(host)+end+1 < len(n.full) {
			return rankVendored
		}
	default:
		if strings.HasSuffix(segment, ".tests") || strings.HasSuffix(segment, ".test") || strings.HasSuffix(segment, ".unittests") || strings.HasSuffix(segment, ".integrationtests") {
			return rankTests
		}
		if strings.HasPrefix(segment, "terraform-") && operated.has(k) {
			return rankDeployment
		}
		if strings.HasPrefix(segment, ".") && strings.HasSuffix(segment, "prompts") && end < len(n.full) {
			return rankAgentInstructions // no program keeps its own there
		}
	}
	return rankFunctional
}

// forge places what lies in a forge's own folder: instructions for its agents,
// workflows, and the settings of whatever bot looks in there. Texts and pictures
// and the forms for issues are what they are anywhere else.
func forge(rest string, k kind) rank {
	first, _, _ := strings.Cut(rest, "/")
	switch first {
	case "":
		return rankPolicy // a link in the place of the folder
	case "hooks", "instructions", "prompts", "agents", "chatmodes", "skills", "copilot":
		return rankAgentInstructions
	case "workflows", "actions", "ci", "scripts":
		if first == "scripts" && words.has(k) {
			return rankFunctional
		}
		return rankCI
	case "issue_template", "discussion_template", "pull_request_template":
		return rankFunctional
	}
	if words.has(k) || k == kindAsset || first == "funding.yml" {
		return rankFunctional
	}
	return rankCI
}
