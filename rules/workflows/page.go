package workflows

import "fmt"

// page says what counts as hosted, and what weakens the guard's own workflow.
func page() string {
	return fmt.Sprintf(`## Runners

Hosted are the labels of GitHub's own images, such as ubuntu-latest, ubuntu-24.04-arm, windows-2025 and macos-15-intel, alone, from the
matrix or by a condition. Every other label and every group is a machine of your own or of another provider; a larger
runner of GitHub's has a name that its owner chose and counts as such. Allow one by its label or group. What an input or a
variable brings is not known, and is no finding.

## The guard's own workflow

Found by the name %[1]s in what is used, called or run as an image, also in an action, a reusable workflow or a shell script of the
repository, up to %[2]d levels and %[3]d files deep. It ends when a workflow is removed or runs it less often than before. It weakens by
continue-on-error, a condition (if: false never runs), needs, an event that is gone, a filter that lets less through, another
action, another policy, base or head, and by a script that takes no notice of what the program says: || true, a pipe without
pipefail, set +e.
`, guardName, maxGuardDepth, maxGuardReads)
}
