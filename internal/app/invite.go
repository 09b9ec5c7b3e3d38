package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/changeguard/changeguard/internal/github"
	"github.com/changeguard/changeguard/internal/logkey"
	"github.com/changeguard/changeguard/internal/secret"
	"github.com/changeguard/changeguard/internal/store"
	"github.com/changeguard/changeguard/internal/web"
)

func (s *Server) vault() vault { return vault{s.store, s.key} }

// Of what the set-up keeps: the one-time token, and how names of states begin.
const (
	invitationSecret = "invitation"
	stateSecret      = "state "
)

// invitation is the one-time token, which all replicas share until the set-up is
// done. One that another key sealed is of nobody any more, and is replaced.
func (v vault) invitation(ctx context.Context, o Outside) (string, error) {
	fresh := secret.Random()
	added, err := v.store.AddSecret(ctx, invitationSecret, v.key.Seal(invitationSecret, []byte(fresh)), o.Now())
	if err != nil {
		return "", fmt.Errorf("keep the token of the set-up: %w", err)
	}
	if added {
		return fresh, nil
	}
	sealed, err := v.store.Secret(ctx, invitationSecret)
	if err != nil {
		return "", fmt.Errorf("read the token of the set-up: %w", err)
	}
	if plain, err := v.key.Open(invitationSecret, sealed); err == nil {
		return string(plain), nil
	}
	o.Logger.WarnContext(ctx, "the token of the set-up was sealed with another key, and is made anew; replicas need one CHANGEGUARD_SECRET_KEY")
	return fresh, v.store.SetSecret(ctx, invitationSecret, v.key.Seal(invitationSecret, []byte(fresh)), o.Now())
}

// uninvite ends the one-time token.
func (v vault) uninvite(ctx context.Context) error {
	if _, err := v.store.TakeSecret(ctx, invitationSecret); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("end the token of the set-up: %w", err)
	}
	return nil
}

// givenState is a state that was given out.
type givenState struct {
	API   string    `json:"api"`
	Until time.Time `json:"until"`
}

// stateName is where a state is kept. The state itself is not.
func stateName(state string) string {
	sum := sha256.Sum256([]byte(state))
	return stateSecret + hex.EncodeToString(sum[:])
}

// remember keeps a state, and forgets those that have ended.
func (v vault) remember(o Outside) func(ctx context.Context, state, api string) error {
	return func(ctx context.Context, state, api string) error {
		if err := v.store.ForgetSecrets(ctx, stateSecret, o.Now().Add(-web.StateLife)); err != nil {
			return err
		}
		plain, err := json.Marshal(givenState{api, o.Now().Add(web.StateLife)})
		if err != nil {
			return err
		}
		name := stateName(state)
		_, err = v.store.AddSecret(ctx, name, v.key.Seal(name, plain), o.Now())
		return err
	}
}

// spend ends a state.
func (v vault) spend(o Outside) func(ctx context.Context, state string) (api string, good bool, err error) {
	return func(ctx context.Context, state string) (api string, good bool, err error) {
		name := stateName(state)
		sealed, err := v.store.TakeSecret(ctx, name)
		if errors.Is(err, store.ErrNotFound) {
			return "", false, nil
		}
		var g givenState
		plain, opened := []byte(nil), err
		if opened == nil {
			plain, opened = v.key.Open(name, sealed)
		}
		if opened == nil {
			opened = json.Unmarshal(plain, &g)
		}
		return g.API, opened == nil && o.Now().Before(g.Until), err
	}
}

// convert exchanges a code at the GitHub that it is from.
func convert(ctx context.Context, site github.Site, api, code string) (github.Credentials, error) {
	if api != "" {
		site.BaseURL = api
	}
	c, err := site.Convert(ctx, code)
	c.API = api
	return c, err
}

// joinEvery is how often a server without an App looks whether another replica was
// set up.
const joinEvery = 3 * time.Second

// join begins to serve once another replica was set up.
func (s *Server) join(ctx context.Context) {
	if s.live.Load() {
		return
	}
	c, found, err := s.vault().read(ctx)
	if err == nil && found {
		err = s.begin(ctx, c)
	}
	if err != nil {
		s.outside.Logger.WarnContext(ctx, "another replica was set up, and this one cannot begin", logkey.Err, err)
	}
}
