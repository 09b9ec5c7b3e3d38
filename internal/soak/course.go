package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/store/pgtest"
)

// course is the soak of one database.
type course struct {
	*options
	dir, name string
	replicas  int
	stdout    io.Writer
	table     table
}

const appID = 4711

// arena is the stand-in and the servers of one part of the course.
type arena struct {
	setup
	dir      string
	remote   *remote
	replicas []*replica
	database string
}

// enter starts everything on an empty database.
func (c *course) enter(ctx context.Context, part string, s setup) (a *arena, err error) {
	a = &arena{setup: s, dir: filepath.Join(c.dir, part), database: "sqlite:soak.db"}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return nil, err
	}
	if c.name == "postgres" {
		if a.database, err = pgtest.Start(part); err != nil {
			return nil, err
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	a.AppID, a.Secret = appID, hex.EncodeToString(random)
	a.Key = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	env := []string{
		"CHANGEGUARD_APP_ID=" + fmt.Sprint(appID), "CHANGEGUARD_PRIVATE_KEY=" + a.Key, "CHANGEGUARD_WEBHOOK_SECRET=" + a.Secret,
		"CHANGEGUARD_DATABASE_URL=" + a.database, "CHANGEGUARD_RECONCILE=" + c.every.String(),
	}
	for n := range c.replicas {
		r, err := newReplica(c.program, a.dir, n, env)
		if err != nil {
			return nil, err
		}
		a.replicas = append(a.replicas, r)
		a.Replicas = append(a.Replicas, "http://"+r.home)
	}
	if a.remote, err = startRemote(a.setup); err != nil {
		return nil, err
	}
	for _, r := range a.replicas {
		r.env = append(r.env, "CHANGEGUARD_GITHUB_URL="+a.remote.github+"/")
	}
	return a, nil
}

// start starts the servers, one after the other as in a rolling start.
func (a *arena) start(ctx context.Context) error {
	for _, r := range a.replicas {
		if err := r.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (a *arena) leave() {
	var stopping sync.WaitGroup
	for _, r := range a.replicas {
		stopping.Go(r.stop)
	}
	stopping.Wait()
	a.remote.stop()
}

// logs reads all of them.
func (a *arena) logs() (all logged, leaked []string, err error) {
	all.messages, all.heads = make(map[string]int), make(map[string]bool)
	for n, r := range a.replicas {
		text, err := readFile(r.log)
		if err != nil {
			return all, nil, err
		}
		leaked = append(leaked, leaks(text, secretsOf(a.setup, a.database))...)
		one, err := readLog(bytes.NewReader(text), n, r.deaths)
		if err != nil {
			return all, nil, err
		}
		all.spans, all.verdicts = append(all.spans, one.spans...), all.verdicts+one.verdicts
		maps.Copy(all.heads, one.heads)
		for k, times := range one.messages {
			all.messages[k] += times
		}
	}
	return all, leaked, nil
}

// memory adds up what the servers use.
func (a *arena) memory(ctx context.Context) (m memory, err error) {
	for _, r := range a.replicas {
		resident, live, err := r.memory(ctx)
		if err != nil {
			return m, err
		}
		m.resident, m.live = m.resident+resident, m.live+live
	}
	return m, nil
}

type memory struct{ resident, live int }

// has reports whether a part was asked for.
func (c *course) has(part string) bool { return slices.Contains(strings.Split(c.parts, ","), part) }

// run runs the parts and prints the table.
func (c *course) run(ctx context.Context) (kept bool, err error) {
	c.table.begin(c)
	calm := math.Inf(1)
	if c.has("calm") {
		if calm, err = c.calm(ctx); err != nil {
			return false, fmt.Errorf("without faults: %w", err)
		}
	}
	if c.has("storm") {
		if err := c.storm(ctx, calm); err != nil {
			return false, fmt.Errorf("under faults: %w", err)
		}
	}
	if c.has("speed") && (c.outage > 0 || c.flood > 0) {
		if err := c.speed(ctx); err != nil {
			return false, fmt.Errorf("speed: %w", err)
		}
	}
	c.table.print(c.stdout)
	return c.table.broken == 0, nil
}

// shareOfCalm is how much smaller the part without faults is.
const shareOfCalm = 5

// calm measures without faults: how many requests a verdict takes, and memory.
func (c *course) calm(ctx context.Context) (perVerdict float64, err error) {
	pulls := max(c.installations, c.pulls/shareOfCalm)
	span := c.span / shareOfCalm
	a, err := c.enter(ctx, "calm", setup{Seed: c.seed, Installations: c.installations, Pulls: pulls, Deliveries: c.deliveries * pulls / c.pulls})
	if err != nil {
		return 0, err
	}
	defer a.leave()
	if err := a.start(ctx); err != nil {
		return 0, err
	}
	var early, warm memory
	var cold, measured error
	for _, look := range []*time.Timer{
		time.AfterFunc(span/4, func() { early, cold = a.memory(ctx) }),
		time.AfterFunc(span/2, func() { warm, measured = a.memory(ctx) }),
	} {
		defer look.Stop()
	}
	if _, err := ask[conditions, trafficCounts](ctx, a.remote, "/play", conditions{Span: span, Doubled: c.doubled}); err != nil {
		return 0, err
	}
	if _, err := c.settle(ctx, a, nil, c.quiet); err != nil {
		return 0, err
	}
	late, err := a.memory(ctx)
	if err := errors.Join(err, cold, measured); err != nil {
		return 0, err
	}
	all, leaked, err := a.logs()
	if err != nil {
		return 0, err
	}
	counted, err := ask[bool, books](ctx, a.remote, "/books", true)
	if err != nil {
		return 0, err
	}
	c.table.memory(early, warm, late)
	c.table.leaked = append(c.table.leaked, leaked...)
	perVerdict = float64(counted.Requests) / float64(max(all.verdicts, 1))
	c.table.calm(counted, all, perVerdict)
	return perVerdict, nil
}

// storm is the soak itself.
func (c *course) storm(ctx context.Context, calm float64) error {
	s := setup{Seed: c.seed, Installations: c.installations, Pulls: c.pulls, Deliveries: c.deliveries}
	a, err := c.enter(ctx, "storm", s)
	if err != nil {
		return err
	}
	defer a.leave()
	if err := a.start(ctx); err != nil {
		return err
	}
	if _, err := ask[faults, bool](ctx, a.remote, "/faults", c.faults); err != nil {
		return err
	}
	tormenting, enough := context.WithCancel(ctx)
	failed := make(chan error, len(a.replicas))
	for n, r := range a.replicas {
		go func() { failed <- r.torment(tormenting, c.seed+uint64(n), c.leastKill, c.mostKill) }()
	}
	_, err = ask[conditions, trafficCounts](ctx, a.remote, "/play", conditions{c.span, c.dropped, c.doubled, c.shuffled})
	enough()
	for range a.replicas {
		err = errors.Join(err, <-failed)
	}
	if err != nil {
		return err
	}
	if _, err := ask[faults, bool](ctx, a.remote, "/faults", faults{}); err != nil {
		return err
	}
	copies, err := makeClones(ctx, filepath.Join(a.dir, "clones"), newPlan(s.Seed, s.Installations, s.Pulls, s.Deliveries))
	if err != nil {
		return err
	}
	found, err := c.settle(ctx, a, copies, c.quiet)
	if err != nil {
		return err
	}
	if found, err = c.again(ctx, a, copies, found); err != nil {
		return err
	}
	all, leaked, err := a.logs()
	if err != nil {
		return err
	}
	counted, err := ask[bool, books](ctx, a.remote, "/books", true)
	if err != nil {
		return err
	}
	kills := 0
	for _, r := range a.replicas {
		kills += len(r.deaths)
	}
	c.table.leaked = append(c.table.leaked, leaked...)
	c.table.storm(found, counted, all, kills, calm)
	return nil
}

// settle lets a quiet time pass and then compares, where there are clones.
func (c *course) settle(ctx context.Context, a *arena, copies *clones, quiet time.Duration) (v verdicts, err error) {
	select {
	case <-time.After(quiet):
	case <-ctx.Done():
		return v, ctx.Err()
	}
	for _, r := range a.replicas {
		if r.ended() {
			return v, fmt.Errorf("a server ended by itself; see %s", r.log)
		}
	}
	if copies == nil {
		return v, nil
	}
	heads, err := ask[bool, []head](ctx, a.remote, "/heads", true)
	if err != nil {
		return v, err
	}
	return compare(ctx, heads, copies.judge)
}

// again settles once more while something is not as it should be, for a time: the
// short form holds on a slow machine too, on which a minute is not enough.
func (c *course) again(ctx context.Context, a *arena, copies *clones, v verdicts) (verdicts, error) {
	var err error
	for end := time.Now().Add(patience); err == nil && c.short && v.broken() && time.Now().Before(end); {
		v, err = c.settle(ctx, a, copies, 5*time.Second)
	}
	return v, err
}

// speed measures how fast an outage is caught up with, and how many deliveries
// are answered.
func (c *course) speed(ctx context.Context) error {
	a, err := c.enter(ctx, "speed", setup{Seed: c.seed, Installations: c.installations, Pulls: c.pulls, Deliveries: c.pulls, Latency: c.latency, OpenAll: true})
	if err != nil {
		return err
	}
	defer a.leave()
	if c.outage > 0 {
		if _, err := ask[int, int](ctx, a.remote, "/outage", c.outage); err != nil {
			return err
		}
	}
	begin := time.Now()
	if err := a.start(ctx); err != nil {
		return err
	}
	if c.outage > 0 {
		if err := a.caughtUp(ctx); err != nil {
			return err
		}
		took := time.Since(begin)
		counted, err := ask[bool, books](ctx, a.remote, "/books", true)
		if err != nil {
			return err
		}
		c.table.caughtUp(c, took, counted)
	}
	if c.flood == 0 {
		return nil
	}
	got, err := ask[flood, flooded](ctx, a.remote, "/flood", flood{c.senders * len(a.replicas), c.flood})
	if err != nil {
		return err
	}
	c.table.flooded(c, got)
	return nil
}

// patience bounds the wait for the last verdict after an outage.
const patience = 5 * time.Minute

// caughtUp waits until every head has a final run.
func (a *arena) caughtUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		missing, err := ask[bool, int](ctx, a.remote, "/missing", true)
		if err != nil || missing == 0 {
			return err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d heads have no final run after %s", missing, patience)
		}
	}
}
