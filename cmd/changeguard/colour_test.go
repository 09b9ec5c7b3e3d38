package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Colour is for terminals, and for nobody who does not want it.
func TestColourOnlyOnATerminal(t *testing.T) {
	t.Parallel()
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as terminals are
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := func(name, value string) func(string) string {
		return func(asked string) string {
			if asked == name {
				return value
			}
			return ""
		}
	}
	if !terminal(device, env("", "")) || !terminal(device, env("TERM", "xterm")) || !terminal(device, env("NO_COLOR", "")) {
		t.Error("no colour on a terminal")
	}
	if terminal(device, env("NO_COLOR", "1")) || terminal(device, env("TERM", "dumb")) {
		t.Error("colour that was refused")
	}
	if terminal(file, env("", "")) || terminal(new(bytes.Buffer), env("", "")) {
		t.Error("colour in a file")
	}
}
