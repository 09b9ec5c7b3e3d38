package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// systemd lets systemd read the unit, where there is one, with a program in it
// that exists, and say how exposed it is.
func systemd(root string) (string, error) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return "left out: no systemd-analyze", nil
	}
	text, err := os.ReadFile(filepath.Join(root, "deploy", "changeguard.service"))
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "changeguard-unit-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	unit := filepath.Join(dir, "changeguard.service")
	if err := os.WriteFile(unit, []byte(strings.Replace(string(text), "/usr/local/bin/changeguard", "/bin/true", 1)), 0o644); err != nil {
		return "", err
	}
	said, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput()
	if problems := mentions(string(said), "changeguard.service"); err != nil || len(problems) > 0 {
		return "", fmt.Errorf("%w\n%s", err, said)
	}
	said, err = exec.Command(analyze, "security", "--offline=true", "--threshold=20", "--no-pager", unit).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, said)
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	return strings.TrimSpace(strings.TrimPrefix(lines[len(lines)-1], "→ ")), nil
}

// mentions are the lines that speak of a unit: others are about the machine's own.
func mentions(text, unit string) (lines []string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, unit) {
			lines = append(lines, line)
		}
	}
	return lines
}
