package ghfake

import (
	"crypto/rsa"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Options of a Server.
type Options struct {
	Now func() time.Time // nil means time.Now

	// The first App; see [Server.AddApp] for more.
	AppID  int64
	Key    *rsa.PublicKey // of the App's tokens
	Secret string         // signs the webhooks

	Latency time.Duration // of every answer
	// Patience is how long a delivery waits for its answer; 0 means 10 s, as
	// github.com does.
	Patience time.Duration
	Limits   Limits
	// Quota is how many requests an installation has in an hour; 0 means 5000.
	// Less than 0 means no hourly limit, for queries either, as Enterprise
	// Servers are at first.
	Quota int
	// TreeLimit is how many entries of a recursive tree are listed, TreeBytes how
	// much they may be together; 0 means 100,000 and 7 MB.
	TreeLimit, TreeBytes int
	Seed                 uint64 // of the faults that hit a share of the requests
}

// A Server is the stand-in. It is safe for concurrent use.
type Server struct {
	options Options
	router  *router
	schema  *graphSchema
	sending sync.WaitGroup // deliveries that the API was asked to repeat

	mu            sync.Mutex // guards what follows, and all that hangs on it
	apps          map[int64]*App
	installations map[int64]*installation
	repos         map[string]*Repo // by full name in lower case
	users         map[string]*Account
	teams         map[string]map[string]string // org/slug, then login, to the role
	tokens        map[string]token
	nextID        int64
	log           []Request
	deliveries    []*Delivery
	faults        []*Fault
	chance        *rand.Rand
	happened      map[string]int
	inFlight      int
	site          siteState
}

// An App is a GitHub App. Fields left empty get a default.
type App struct {
	ID          int64
	Slug        string
	Key         *rsa.PublicKey
	Secret      string
	Permissions map[string]string // of its manifest
	Events      []string
	Hook        Hook
	clientID    string // of people's sign-in, like clientSecret
	clientKey   string
}

// A Hook is where an App's deliveries are sent, and how.
type Hook struct {
	URL         string // "" for an App without a webhook
	ContentType string // "" means json
	InsecureSSL bool   // the certificate is not looked at
}

// Permissions are what changeguard's manifest asks for.
func Permissions() map[string]string {
	return map[string]string{
		"metadata": "read", "contents": "read", "pull_requests": "write", "checks": "write", "statuses": "write", "merge_queues": "read", "members": "read",
	}
}

// defaultAppSlug is the first App's.
const defaultAppSlug = "changeguard"

// The defaults of Options.
const (
	defaultQuota     = 5000
	defaultTreeLimit = 100000
	defaultTreeBytes = 7 << 20
)

// New makes a server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Quota == 0 {
		o.Quota = defaultQuota
	}
	if o.Limits.GraphQLPoints == 0 {
		o.Limits.GraphQLPoints = defaultQuota
	}
	if o.TreeLimit == 0 {
		o.TreeLimit = defaultTreeLimit
	}
	if o.TreeBytes == 0 {
		o.TreeBytes = defaultTreeBytes
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	s := &Server{
		options: o, schema: readGraphSchema(), nextID: 1000, apps: make(map[int64]*App),
		installations: make(map[int64]*installation), repos: make(map[string]*Repo), users: make(map[string]*Account),
		teams: make(map[string]map[string]string), tokens: make(map[string]token),
		chance: rand.New(rand.NewPCG(o.Seed, o.Seed)), happened: make(map[string]int), //nolint:gosec // the same faults in every run
	}
	s.AddApp(App{ID: o.AppID, Slug: defaultAppSlug, Key: o.Key, Secret: o.Secret})
	s.router = newRouter(s.routes())
	return s
}

// AddApp registers an App.
func (s *Server) AddApp(a App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Slug == "" {
		a.Slug = fmt.Sprintf("app-%d", a.ID)
	}
	if a.Permissions == nil {
		a.Permissions = Permissions()
	}
	if a.Events == nil {
		a.Events = []string{"check_run", "check_suite", "issue_comment", "merge_group", "pull_request", "pull_request_review", "push", "status"}
	}
	s.apps[a.ID] = &a
}

// An installation is an App on an account.
type installation struct {
	id, app     int64
	permissions map[string]string
	suspended   bool
	core, graph window // requests and points of the hour
	minute      secondary
}

// AddInstallation installs the first App; nil permissions mean all it asks for.
func (s *Server) AddInstallation(id int64, permissions map[string]string) {
	s.Install(s.options.AppID, id, permissions)
}

// Install installs an App; nil permissions mean all it asks for.
func (s *Server) Install(app, id int64, permissions map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if permissions == nil {
		permissions = s.apps[app].Permissions
	}
	s.installations[id] = &installation{id: id, app: app, permissions: permissions}
}

// Suspend suspends an installation, or ends that.
func (s *Server) Suspend(id int64, suspended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.installations[id].suspended = suspended
}

// Uninstall removes an installation; its tokens end.
func (s *Server) Uninstall(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.installations, id)
}

// AddRepo makes an empty repository of an installation. Its default branch is
// main.
func (s *Server) AddRepo(installationID int64, owner, name string) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.account(owner)
	if _, known := s.users[strings.ToLower(owner)]; !known {
		o.Type = "Organization"
	}
	r := &Repo{
		server: s, installations: map[int64]bool{installationID: true}, id: s.id(), Owner: owner, Name: name, created: s.now(),
		objects: newStore(), refs: make(map[string]string), protected: make(map[string]bool), allowed: make(map[string]string),
		pulls: make(map[int]*Pull), comments: make(map[int64]*comment), runs: make(map[int64]*Run), runsAt: make(map[string][]*Run), suites: make(map[suiteKey]*suite),
	}
	s.repos[strings.ToLower(owner+"/"+name)] = r
	return r
}

// Rename gives a repository another name, or another owner. The old name is free;
// unlike GitHub the server does not lead from it to the new one.
func (s *Server) Rename(r *Repo, owner, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.repos, strings.ToLower(r.Owner+"/"+r.Name))
	s.account(owner)
	r.Owner, r.Name = owner, name
	s.repos[strings.ToLower(owner+"/"+name)] = r
}

// id makes a number that nothing else has.
func (s *Server) id() int64 {
	s.nextID++
	return s.nextID
}

// now is the clock, in the precision of the API.
func (s *Server) now() time.Time { return s.options.Now().UTC().Truncate(time.Second) }

// A Request is one that was answered.
type Request struct {
	Method, Route string // the route as it is documented, with its parameters' names
	Path          string
	Status        int   // 0 when the connection was cut
	Installation  int64 // 0 for the App's own requests
	ByApp         bool  // asked with an App's own key
	Survey        bool  // a query about several repositories
	Cost          int   // points of the hourly limit; 0 when not counted
}

// Requests lists what installations asked, oldest first. The App's own requests,
// those for tokens among them, are in [Server.AppRequests].
func (s *Server) Requests() []Request {
	return s.logged(func(r Request) bool { return !r.ByApp })
}

// AppRequests lists what Apps asked with their own key.
func (s *Server) AppRequests() []Request {
	return s.logged(func(r Request) bool { return r.ByApp })
}

// Count says how often a route was asked for, such as
// "GET /repos/{owner}/{repo}/pulls/{pull_number}".
func (s *Server) Count(route string) int {
	return len(s.logged(func(r Request) bool { return r.Route == route }))
}

func (s *Server) logged(wanted func(Request) bool) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Request
	for _, r := range s.log {
		if wanted(r) {
			list = append(list, r)
		}
	}
	return list
}

// Forget empties the list of requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}
