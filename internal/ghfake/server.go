// Package ghfake is a stand-in for GitHub: the part of its API that changeguard
// uses, with its limits and refusals, over repositories in memory.
//
// # The model
//
// A [Server] holds one App, its installations and repositories. Objects are
// git's own, with git's ids. Requests need the App's signed token or an
// installation's, which expires and carries permissions; answers are cut where
// GitHub cuts them (300 files of a comparison, 100 entries of a page, long
// listings of trees) and refused where GitHub refuses (more than 50
// annotations, missing permissions, an exhausted quota). Tests and the
// demonstration drive it; it stores no verdicts.
//
// Webhooks are signed and sent as GitHub does, see [Server.Deliver].
package ghfake

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// Options of a Server.
type Options struct {
	Now     func() time.Time // nil means time.Now
	AppID   int64
	Key     *rsa.PublicKey // of the App's tokens
	Secret  string         // signs the webhooks
	Latency time.Duration  // of every answer
	// Quota is how many requests an installation has in an hour; 0 means 5000.
	Quota int
	// TreeLimit is how many entries of a recursive tree are listed; 0 means
	// 100,000.
	TreeLimit int
}

// A Server is the stand-in. It is safe for concurrent use.
type Server struct {
	options Options
	mux     *http.ServeMux

	mu            sync.Mutex // guards what follows
	installations map[int64]*installation
	repos         map[string]*Repo
	users         map[string]Account
	tokens        map[string]token
	nextID        int64
	log           []Request
	deliveries    []Delivery
	faults        []fault
}

// An Account is a user, a bot or an organisation.
type Account struct {
	Login string
	ID    int64
	Type  string // User, Bot, Organization
}

type installation struct {
	id          int64
	permissions map[string]string
	used        int
	reset       time.Time
}

type token struct {
	installation int64
	expires      time.Time
}

// A Request is one that was answered.
type Request struct {
	Method, Route string
	Status        int
	Installation  int64
}

// Permissions are what the App's manifest asks for.
func Permissions() map[string]string {
	return map[string]string{"metadata": "read", "contents": "read", "pull_requests": "write", "checks": "write", "statuses": "write", "merge_queues": "read"}
}

// New makes a server.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Quota == 0 {
		o.Quota = 5000
	}
	if o.TreeLimit == 0 {
		o.TreeLimit = 100000
	}
	s := &Server{
		options: o, mux: http.NewServeMux(), nextID: 1000, installations: make(map[int64]*installation),
		repos: make(map[string]*Repo), users: make(map[string]Account), tokens: make(map[string]token),
	}
	s.routes()
	return s
}

// AddInstallation installs the App; nil permissions mean all it asks for.
func (s *Server) AddInstallation(id int64, permissions map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if permissions == nil {
		permissions = Permissions()
	}
	s.installations[id] = &installation{id: id, permissions: permissions}
}

// AddAccount makes an account known.
func (s *Server) AddAccount(a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[a.Login] = a
}

func (s *Server) account(login string) Account {
	if a, ok := s.users[login]; ok {
		return a
	}
	s.nextID++
	a := Account{login, s.nextID, "User"}
	s.users[login] = a
	return a
}

// AddRepo makes an empty repository of an installation.
func (s *Server) AddRepo(installationID int64, owner, name string) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextID++
	r := &Repo{
		server: s, installation: installationID, id: s.nextID, Owner: owner, Name: name, objects: newObjects(), refs: make(map[string]string),
		protected: make(map[string]bool), pulls: make(map[int]*Pull), comments: make(map[int64]*comment), runs: make(map[int64]*Run),
	}
	s.repos[strings.ToLower(owner+"/"+name)] = r
	return r
}

// Requests lists what was asked, without the asking for tokens.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.log...)
}

// Forget empties the list of requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// fault answers requests in place of the server.
type fault struct {
	route  string // a part of "METHOD path"
	left   int
	answer func(w http.ResponseWriter)
}

// Fail lets the next n requests whose "METHOD path" contains a text be answered
// by a function.
func (s *Server) Fail(route string, n int, answer func(w http.ResponseWriter)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fault{route, n, answer})
}

// Repo is a repository.
type Repo struct {
	server       *Server
	installation int64
	id           int64
	Owner, Name  string
	objects      *objects
	refs         map[string]string
	protected    map[string]bool
	pulls        map[int]*Pull
	comments     map[int64]*comment
	runs         map[int64]*Run
	runOrder     []int64
	nextNumber   int
}

// A Pull is a pull request. Its fields are read and written by the server.
type Pull struct {
	Number     int
	Title      string
	Body       string
	Author     Account
	Base, Head string // branches
	HeadSHA    string
	Draft      bool
	Fork       bool
	State      string // open, closed
	Merged     bool
	labels     []label
}

type label struct {
	name, by string
}

type comment struct {
	ID     int64
	Number int
	Body   string
}

// A Run is a check run.
type Run struct {
	ID          int64
	Name        string
	Head        string
	Status      string
	Conclusion  string
	ExternalID  string
	DetailsURL  string
	Title       string
	Summary     string
	Annotations []json.RawMessage
}

// Commit writes a commit to a branch: the branch's files with changes.
func (r *Repo) Commit(branch, message string, changes Files, author Signature) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var parents []string
	if tip := r.refs[branch]; tip != "" {
		parents = []string{tip}
	}
	id := r.objects.commit(parents, changes, message, author)
	r.refs[branch] = id
	r.movePulls(branch)
	return id
}

// Merge writes a merge commit to a branch.
func (r *Repo) Merge(branch, other, message string, author Signature) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	changes := make(Files)
	base := r.objects.files(r.objects.mergeBase(r.refs[branch], r.refs[other]))
	theirs := r.objects.files(r.refs[other])
	for path, e := range theirs {
		if base[path] != e {
			changes[path] = &File{Mode: e.mode, Content: string(r.objects.blobs[e.id])}
		}
	}
	for path := range base {
		if _, ok := theirs[path]; !ok {
			changes[path] = nil
		}
	}
	id := r.objects.commit([]string{r.refs[branch], r.refs[other]}, changes, message, author)
	r.refs[branch] = id
	r.movePulls(branch)
	return id
}

func (r *Repo) movePulls(branch string) {
	for _, p := range r.pulls {
		if p.Head == branch && p.State == "open" {
			p.HeadSHA = r.refs[branch]
		}
	}
}

// Branch makes or moves a branch to a commit or to another branch's tip.
func (r *Repo) Branch(name, at string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if id, ok := r.refs[at]; ok {
		at = id
	}
	r.refs[name] = at
	r.movePulls(name)
}

// Protect protects a branch.
func (r *Repo) Protect(branch string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.protected[branch] = true
}

// Tip is a branch's commit.
func (r *Repo) Tip(branch string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.refs[branch]
}

// Content is a file's content at a branch.
func (r *Repo) Content(branch, path string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	e, _ := r.objects.lookup(r.objects.commits[r.refs[branch]].tree, path)
	return string(r.objects.blobs[e.id])
}

// Open opens a pull request from a branch.
func (r *Repo) Open(p Pull) *Pull {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.nextNumber++
	p.Number, p.State, p.HeadSHA = r.nextNumber, "open", r.refs[p.Head]
	if p.Author.Login == "" {
		p.Author = r.server.account("octocat")
	}
	r.pulls[p.Number] = &p
	return &p
}

// Label sets a label.
func (r *Repo) Label(number int, name, by string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	p.labels = append(p.labels, label{name, by})
}

// Edit changes a pull request.
func (r *Repo) Edit(number int, change func(p *Pull)) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	change(r.pulls[number])
}

// Delete removes a pull request, as if its repository had gone.
func (r *Repo) Delete(number int) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.pulls, number)
}

// Runs lists the check runs of a commit, oldest first.
func (r *Repo) Runs(head string) []Run {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var list []Run
	for _, id := range r.runOrder {
		if run := r.runs[id]; run.Head == head {
			list = append(list, *run)
		}
	}
	return list
}

// Comments lists the comments of a pull request.
func (r *Repo) Comments(number int) []string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	var ids []int64
	for id, c := range r.comments {
		if c.Number == number {
			ids = append(ids, id)
		}
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	var list []string
	for _, id := range ids {
		list = append(list, r.comments[id].Body)
	}
	return list
}

// AddObject adds a git object by its kind and raw content, so that a repository
// can be copied from a clone.
func (r *Repo) AddObject(kind string, raw []byte) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	id := hashObject(kind, raw)
	switch kind {
	case "blob":
		r.objects.blobs[id] = raw
	case "tree":
		entries, err := readTree(raw)
		if err != nil {
			return err
		}
		r.objects.trees[id] = entries
	case "commit":
		r.objects.commits[id] = readCommit(id, string(raw))
	default:
		return fmt.Errorf("objects of kind %s are not kept", kind)
	}
	return nil
}

// Unlabel takes a label away.
func (r *Repo) Unlabel(number int, name string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	p := r.pulls[number]
	p.labels = slices.DeleteFunc(p.labels, func(l label) bool { return l.name == name })
}
