// Package version knows which program this is.
package version

import (
	"runtime/debug"
	"strings"
)

// Number is the release, and Commit what it was built from. The build may set
// both; without it the commit is what Go noted, if anything.
var (
	Number = "0.1.0"
	Commit = ""
)

// Engine is what verdicts name. It has no commit in it: the same release gives
// the same verdicts, byte for byte, however it was built.
func Engine() string { return "changeguard " + Number }

// Full is Engine with the commit and the Go version, for people.
func Full() string {
	parts := []string{Engine()}
	info, ok := debug.ReadBuildInfo()
	commit := Commit
	if ok && commit == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	if commit != "" {
		parts = append(parts, commit[:min(len(commit), 12)])
	}
	if ok {
		parts = append(parts, info.GoVersion)
	}
	return strings.Join(parts, " ")
}
