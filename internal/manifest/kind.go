package manifest

import "slices"

// A Kind is one condition of the policy's "on:".
type Kind string

// The kinds of change, in the policy's words.
const (
	Added            Kind = "added"
	Removed          Kind = "removed"
	Major            Kind = "major" // the first non-zero component of the version changed
	Minor            Kind = "minor"
	Patch            Kind = "patch"
	Downgraded       Kind = "downgraded"
	Loosened         Kind = "loosened"          // accepts versions that it refused
	Unpinned         Kind = "unpinned"          // accepts more than one artefact
	SourceChanged    Kind = "source-changed"    // registry, index, git, URL, path, replace
	IntegrityRemoved Kind = "integrity-removed" // no hash is asked for any more, or for the same version another one; see digestKinds for images
	LockfileDrift    Kind = "lockfile-drift"    // the lock does not satisfy the manifest; see Satisfies
	LifecycleScript  Kind = "lifecycle-script"  // an install hook added or changed
)

// Kinds are all kinds in the policy's order.
func Kinds() []Kind {
	return []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved, LockfileDrift, LifecycleScript}
}

// inOrder sorts kinds as the policy lists them and drops repetitions.
func inOrder(kinds []Kind) []Kind {
	var sorted []Kind
	for _, k := range Kinds() {
		if slices.Contains(kinds, k) {
			sorted = append(sorted, k)
		}
	}
	return sorted
}
