package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/changeguard/changeguard/guard"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/version"
	"github.com/changeguard/changeguard/webhook"
)

// note writes to the audit log what a delivery says beside what is evaluated.
func (s *Server) note(ctx context.Context, delivery string, n webhook.Note) error {
	if m := n.Merge; m != nil {
		return s.guard.Merged(ctx, guard.Merge(*m))
	}
	if n.Installation.Action == "deleted" {
		if err := s.store.DropContentsOf(ctx, n.Installation.ID); err != nil {
			return err
		}
	}
	body, err := json.Marshal(n.Installation)
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	subject := n.Installation.Account
	if subject == "" {
		subject = fmt.Sprint("installation ", n.Installation.ID)
	}
	_, err = s.store.NoteOnce(ctx, "event "+delivery, store.Entry{At: s.outside.Now(), Kind: store.AuditInstallation, Subject: subject, Actor: n.Installation.By, Body: body})
	return err
}

// limited bounds what somebody may ask for by comments, before it costs anything.
func (s *Server) limited(ctx context.Context, d store.Delivery, x store.Subject) (instead store.Delivery, drop bool, err error) {
	c, drop, err := s.guard.Limited(ctx, x, d.Command)
	if drop {
		s.outside.Logger.WarnContext(ctx, "somebody asks for more than is answered", logkey.Subject, x.Name(), logkey.Delivery, d.ID)
	}
	if c != d.Command {
		d.Command, d.Anew = c, false
	}
	return d, drop, err
}

// secretSettings are those of which the audit log must not show what anybody could
// guess: a database's and a channel's address may hold a password.
var secretSettings = map[string]bool{
	"CHANGEGUARD_PRIVATE_KEY": true, "CHANGEGUARD_WEBHOOK_SECRET": true, "CHANGEGUARD_SECRET_KEY": true, "CHANGEGUARD_CLIENT_SECRET": true,
	"CHANGEGUARD_DATABASE_URL": true, "CHANGEGUARD_NOTIFY": true,
}

// serverSubject is what the configuration of the server is about; that of a repository
// is about the repository.
const serverSubject = "server"

// configuration is an entry of the audit log: with what a server started.
type configuration struct {
	Engine string `json:"engine"`
	// Settings are digests by name; those of secrets are keyed with the App's key,
	// so that they show a change and nothing else. What is not set is left out.
	Settings map[string]string `json:"settings"`
	Changed  []string          `json:"changed,omitempty"` // against the entry before
}

// maxDigest is how many digits of a digest are kept.
const maxDigest = 16

func (c *Config) audited() configuration {
	a := configuration{Engine: version.Engine(), Settings: make(map[string]string)}
	for _, x := range Settings() {
		value := *x.field(c)
		switch {
		case value == "":
		case x.Env == "CHANGEGUARD_PRIVATE_KEY":
			mac := hmac.New(sha256.New, []byte(value))
			mac.Write([]byte(x.Env))
			a.Settings[x.Env] = hex.EncodeToString(mac.Sum(nil))[:maxDigest]
		case secretSettings[x.Env]:
			if c.PrivateKey == "" {
				a.Settings[x.Env] = "set"
				continue
			}
			mac := hmac.New(sha256.New, []byte(c.PrivateKey))
			mac.Write([]byte(x.Env + "=" + value))
			a.Settings[x.Env] = hex.EncodeToString(mac.Sum(nil))[:maxDigest]
		default:
			sum := sha256.Sum256([]byte(x.Env + "=" + value))
			a.Settings[x.Env] = hex.EncodeToString(sum[:])[:maxDigest]
		}
	}
	return a
}

// auditConfiguration writes down with what the server starts, where it is not what
// the last one started with.
func (s *Server) auditConfiguration(ctx context.Context) error {
	now := s.config.audited()
	var before configuration
	last, err := s.store.LastEntry(ctx, store.AuditConfiguration, serverSubject)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(last.Body, &before); err != nil {
			return fmt.Errorf("read the last configuration in the audit log: %w", err)
		}
	}
	for _, x := range Settings() {
		if now.Settings[x.Env] != before.Settings[x.Env] {
			now.Changed = append(now.Changed, x.Env)
		}
	}
	if len(now.Changed) == 0 && now.Engine == before.Engine {
		return nil
	}
	body, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("write for the audit log: %w", err)
	}
	return s.store.Note(ctx, store.Entry{At: s.outside.Now(), Kind: store.AuditConfiguration, Subject: serverSubject, Body: body})
}
