// Package secret seals what must not be read from a copy of the database.
//
// # The model
//
// A [Key] seals a text under a name with AES-256-GCM: it opens under the same
// name only, so that one sealed text cannot be put in another's place. Whoever
// has the key and the database has everything; that is why the key comes from
// the environment, or is in a file of its own that its owner alone can read.
package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Key seals and opens. It is safe for concurrent use.
type Key struct{ gcm cipher.AEAD }

// minText is how long the text of a key must be, in bytes: 32 hexadecimal digits
// hold 128 bits.
const minText = 32

// New makes a key out of a random text of at least 32 bytes.
func New(text string) (*Key, error) {
	if len(text) < minText {
		return nil, fmt.Errorf("the key has %d bytes and must have at least %d, as from: openssl rand -hex 32", len(text), minText)
	}
	sum := sha256.Sum256([]byte("changeguard secrets 1\n" + text))
	block, err := aes.NewCipher(sum[:])
	if err != nil {
		return nil, fmt.Errorf("make the key: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the key: %w", err)
	}
	return &Key{gcm}, nil
}

// maxFile bounds a key file, in bytes.
const maxFile = 4 << 10

// File reads a key from a file, which is made when there is none. A file that
// others may read is refused.
func File(path string) (*Key, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(Random() + "\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	if f, err = os.Open(path); err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s has the mode %v: others may read it; chmod 600 it, and give the App new credentials if they did", path, mode)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	k, err := New(string(bytes.TrimSpace(data)))
	if err != nil {
		return nil, fmt.Errorf("the key file %s: %w", path, err)
	}
	return k, nil
}

// Random is a text that nobody guesses, of 256 bits.
func Random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// Seal hides a text.
func (k *Key) Seal(name string, plain []byte) string {
	nonce := make([]byte, k.gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(k.gcm.Seal(nonce, nonce, plain, []byte(name)))
}

// ErrKey is that a text was sealed with another key, under another name, or was
// changed since.
var ErrKey = errors.New("it was sealed with another key, or changed since")

// Open is the text that was sealed under a name.
func (k *Key) Open(name, sealed string) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(data) < k.gcm.NonceSize() {
		return nil, ErrKey
	}
	n := k.gcm.NonceSize()
	plain, err := k.gcm.Open(nil, data[:n], data[n:], []byte(name))
	if err != nil {
		return nil, ErrKey
	}
	return plain, nil
}
