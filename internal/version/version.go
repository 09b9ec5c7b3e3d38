// Package version knows which program this is.
package version

import (
	"runtime/debug"
	"strings"
)

// Number is the release. The build may set it.
var Number = "0.1.0"

// Engine is what verdicts name. It has no commit in it: the same release gives
// the same verdicts, byte for byte, however it was built.
func Engine() string { return "changeguard " + Number }

// Full is Engine with the commit and the Go version, for people.
func Full() string {
	parts := []string{Engine()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				parts = append(parts, s.Value[:min(len(s.Value), 12)])
			}
		}
		parts = append(parts, info.GoVersion)
	}
	return strings.Join(parts, " ")
}
