// Package ghtest is what tests against the stand-in for GitHub share: a key, a
// clock, a log, and something that happens between two requests.
package ghtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// The App of the tests.
const (
	AppID  = 7
	Secret = "a secret that only the test knows" // of its webhook
)

// Author makes the commits, Dev opens the pull requests.
var (
	Author = ghfake.Signature{Name: "Dev", Email: "dev@example.com", When: time.Unix(1_700_000_000, 0).UTC()}
	Dev    = ghfake.Account{Login: "dev", ID: 11, Type: "User"}
)

// Key is the App's. It is made once: keys are slow to make, and none is secret
// here.
var Key = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// PEM is the App's key as GitHub hands it out.
func PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(Key())})
}

// Clock stands still until the test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that stands at a time.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass moves the clock on.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log keeps what a program says; many may write.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Until waits until something holds, looking every few milliseconds, and fails
// the test with the log after two minutes.
func Until(t testing.TB, what string, log fmt.Stringer, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			text := log.String()
			t.Fatalf("waited in vain for %s\n%s", what, text[max(0, len(text)-4000):])
		}
	}
}
