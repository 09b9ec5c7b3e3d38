package main

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

// setup is what the stand-in's process is told on its standard input.
type setup struct {
	Seed                             uint64
	Installations, Pulls, Deliveries int
	AppID                            int64
	Key, Secret                      string
	Latency                          time.Duration
	Replicas                         []string // the addresses of their webhooks
	OpenAll                          bool     // all pull requests are there from the start
}

// standIn is the stand-in's process: GitHub on one address, and on another what
// only the soak may ask of it.
type standIn struct {
	setup
	plan   *plan
	github *ghfake.Server
	repos  []*ghfake.Repo

	mu      sync.Mutex
	pulls   []int // numbers, 0 before they are opened
	traffic traffic
}

// githubLimits are GitHub's, as far as it documents them.
var githubLimits = ghfake.Limits{PointsPerMinute: 900, QueriesPerMinute: 2000, CreatesPerMinute: 80, CreatesPerHour: 500, Concurrent: 100}

const githubQuota = 5000

// runStandIn serves until its standard input ends.
func runStandIn(stdin io.Reader, stdout io.Writer) error {
	in := json.NewDecoder(stdin)
	s := &standIn{}
	if err := in.Decode(&s.setup); err != nil {
		return fmt.Errorf("read the set-up: %w", err)
	}
	if err := s.build(); err != nil {
		return err
	}
	github, err := serve(s.github)
	if err != nil {
		return err
	}
	control, err := serve(s.control())
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode([]string{github, control}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}

func serve(h http.Handler) (address string, err error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }() // until the process ends
	return "http://" + l.Addr().String(), nil
}

// build makes the repositories.
func (s *standIn) build() error {
	key, err := publicKey(s.Key)
	if err != nil {
		return err
	}
	return s.populate(key)
}

// populate makes GitHub and what is there from the start.
func (s *standIn) populate(key *rsa.PublicKey) error {
	s.plan = newPlan(s.Seed, s.Installations, s.Pulls, s.Deliveries)
	s.pulls = make([]int, len(s.plan.pulls))
	s.github = ghfake.New(ghfake.Options{
		AppID: s.AppID, Key: key, Secret: s.Secret, Latency: s.Latency, Limits: githubLimits, Quota: githubQuota, Seed: s.Seed,
	})
	for i, r := range s.plan.repos {
		s.github.AddInstallation(int64(i+1), nil)
		repo := s.github.AddRepo(int64(i+1), r.owner, r.name)
		repo.Commit("main", "The base", asFiles(baseFiles()), signature(0))
		repo.Branch("release", "main")
		repo.Commit("release", "Its policy", ghfake.Files{policyPath: ghfake.Text(policies["release"])}, signature(1))
		s.repos = append(s.repos, repo)
	}
	if s.OpenAll {
		for i := range s.plan.pulls {
			s.open(i)
		}
	}
	return nil
}

func publicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("the key is no PEM")
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return &key.PublicKey, nil
}

func signature(n int) ghfake.Signature {
	return ghfake.Signature{Name: "Dev", Email: "dev@example.com", When: when(n)}
}

func asFiles(contents map[string]string) ghfake.Files {
	files := make(ghfake.Files)
	for name, text := range contents {
		files[name] = ghfake.Text(text)
	}
	return files
}

// open opens a pull request; a second one of a head waits for the first.
func (s *standIn) open(i int) {
	p := s.plan.pulls[i]
	repo := s.repos[p.repo]
	if p.twin {
		first := i - len(s.plan.repos)
		if s.pulls[first] == 0 {
			s.open(first)
		}
	} else {
		repo.Branch(p.branch, "main")
		s.pushTo(i, 0)
	}
	if s.pulls[i] == 0 {
		s.pulls[i] = repo.Open(ghfake.Pull{Title: "Change " + p.branch, Base: p.base, Head: p.branch, Author: ghfake.Account{Login: "dev", ID: 11, Type: "User"}}).Number
	}
}

func (s *standIn) pushTo(i, n int) {
	p := s.plan.pulls[i]
	s.repos[p.repo].Commit(p.branch, p.pushes[n].message, asFiles(p.pushes[n].files), signature(10+n))
}

// apply does what a step says and returns the payloads that tell of it.
func (s *standIn) apply(x step) (payloads []map[string]any) {
	repo := s.repos[s.plan.pulls[x.pull].repo]
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.pulls[x.pull] == 0
	if fresh {
		s.open(x.pull)
	}
	number := s.pulls[x.pull]
	tell := func(action string) { payloads = append(payloads, repo.PullEvent(number, action, nil)) }
	switch x.action {
	case "synchronize":
		s.pushTo(x.pull, x.push)
	case "labeled":
		repo.Label(number, "analysis-only", "lead")
	case "edited":
		repo.Edit(number, func(p *ghfake.Pull) { p.Title += "." })
	case "closed":
		repo.Close(number)
		tell("closed")
		repo.Reopen(number)
		tell("reopened")
		return payloads
	}
	tell(x.action)
	return payloads
}

// head is an open pull request with the runs of its head.
type head struct {
	Pull    int // of the plan
	Repo    int
	Number  int
	Base    string
	SHA     string
	Runs    []run
	Payload json.RawMessage // an event that shows it as it is
}

type run struct {
	ID                        int64
	Status, Conclusion, Title string
	ExternalID                string
	Started, Completed        time.Time
}

// heads lists the open pull requests.
func (s *standIn) heads() (list []head, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, number := range s.pulls {
		if number == 0 {
			continue
		}
		p := s.plan.pulls[i]
		repo := s.repos[p.repo]
		h := head{Pull: i, Repo: p.repo, Number: number, Base: p.base, SHA: repo.Tip(p.branch)}
		for _, r := range repo.Runs(h.SHA) {
			h.Runs = append(h.Runs, run{ID: r.ID, Status: r.Status, Conclusion: r.Conclusion, Title: r.Title, ExternalID: r.ExternalID, Started: r.StartedAt, Completed: r.CompletedAt})
		}
		if h.Payload, err = json.Marshal(repo.PullEvent(number, "synchronize", nil)); err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, nil
}

// missing counts the open pull requests whose heads have no final run.
func (s *standIn) missing() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, number := range s.pulls {
		p := s.plan.pulls[i]
		runs := s.repos[p.repo].Runs(s.repos[p.repo].Tip(p.branch))
		if number != 0 && (len(runs) == 0 || runs[len(runs)-1].Status != "completed") {
			n++
		}
	}
	return n
}

// books are what the stand-in counted.
type books struct {
	Traffic  trafficCounts
	Happened map[string]int
	Requests int            // of installations that were answered or cut, for evaluations
	Surveys  int            // those of reconciliations
	Routes   map[string]int // of them
	Statuses map[int]int
	App      int // requests by the App itself
}

func (s *standIn) books() books {
	b := books{Traffic: s.traffic.counts(), Happened: s.github.Happened(), Routes: make(map[string]int), Statuses: make(map[int]int)}
	for _, r := range s.github.Requests() {
		if r.Survey || r.Route == "GET /installation/repositories" {
			b.Surveys++
			continue
		}
		b.Requests++
		b.Routes[r.Route]++
		b.Statuses[r.Status]++
	}
	for _, d := range s.github.Deliveries() {
		if d.Redelivery {
			b.Traffic.Redelivered++
		}
	}
	b.App = len(s.github.AppRequests())
	return b
}

// control is what the soak asks of the stand-in.
func (s *standIn) control() http.Handler {
	mux := http.NewServeMux()
	handle(mux, "/play", func(c conditions) (trafficCounts, error) { return s.play(c), nil })
	handle(mux, "/flood", func(f flood) (flooded, error) { return s.flood(f) })
	handle(mux, "/outage", func(n int) (int, error) { return s.outage(n) })
	handle(mux, "/faults", func(f faults) (bool, error) { s.inject(f); return true, nil })
	handle(mux, "/heads", func(bool) ([]head, error) { return s.heads() })
	handle(mux, "/missing", func(bool) (int, error) { return s.missing(), nil })
	handle(mux, "/books", func(bool) (books, error) { return s.books(), nil })
	return mux
}

// handle answers a question in JSON with an answer in JSON.
func handle[In, Out any](mux *http.ServeMux, path string, do func(In) (Out, error)) {
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		var in In
		err := json.NewDecoder(r.Body).Decode(&in)
		var out Out
		if err == nil {
			out, err = do(in)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(out) // whoever asked notices
	})
}

// faults are shares of the requests.
type faults struct{ Errors, Resets, Lost, Limits, Slow float64 }

// inject begins faults; none ends them.
func (s *standIn) inject(f faults) {
	s.github.Calm()
	add := func(share float64, x ghfake.Fault) {
		if share > 0 {
			x.Times, x.Share = -1, share
			s.github.Inject(x)
		}
	}
	limit := http.Header{"Retry-After": {"2"}, "Content-Type": {"application/json"}}
	add(f.Lost, ghfake.Fault{Name: "lost responses", Route: "POST ", Lost: true})
	add(f.Lost, ghfake.Fault{Name: "lost responses", Route: "PATCH ", Lost: true})
	add(f.Errors/2, ghfake.Fault{Name: "5xx", Status: http.StatusBadGateway})
	add(f.Errors/2, ghfake.Fault{Name: "5xx", Status: http.StatusInternalServerError, Body: `{"message":"Server Error"}`})
	add(f.Resets, ghfake.Fault{Name: "resets", Reset: true})
	add(f.Limits, ghfake.Fault{Name: "secondary limits", Status: http.StatusForbidden, Header: limit, Body: `{"message":"You have exceeded a secondary rate limit."}`})
	add(f.Slow, ghfake.Fault{Name: "slow answers", Slow: time.Second})
}

func address(replicas []string, n int) string {
	return strings.TrimSuffix(replicas[n%len(replicas)], "/") + "/webhook"
}
