package secret_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/secret"
)

func TestSealedOpensWithItsKeyAndNameOnly(t *testing.T) {
	t.Parallel()
	k, err := secret.New(strings.Repeat("k", 32))
	if err != nil {
		t.Fatal(err)
	}
	other, err := secret.New(strings.Repeat("o", 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed := k.Seal("app", []byte("the text"))
	if strings.Contains(sealed, "the text") || sealed == k.Seal("app", []byte("the text")) {
		t.Error("it shows")
	}
	if got, err := k.Open("app", sealed); string(got) != "the text" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	changed := []byte(sealed)
	changed[len(changed)/2] ^= 1
	for what, open := range map[string]func() ([]byte, error){
		"another key":  func() ([]byte, error) { return other.Open("app", sealed) },
		"another name": func() ([]byte, error) { return k.Open("session", sealed) },
		"changed":      func() ([]byte, error) { return k.Open("app", string(changed)) },
		"nothing":      func() ([]byte, error) { return k.Open("app", "") },
	} {
		if got, err := open(); !errors.Is(err, secret.ErrKey) || got != nil {
			t.Errorf("%s: %q %v", what, got, err)
		}
	}
}

func TestKeyFileIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	k, err := secret.File(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	again, err := secret.File(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open("x", k.Seal("x", []byte("text"))); err != nil || !bytes.Equal(got, []byte("text")) {
		t.Errorf("read again it is another key: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.File(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others may read: %v", err)
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.File(short); err == nil || !strings.Contains(err.Error(), "at least 32") {
		t.Errorf("a short key: %v", err)
	}
}
