package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// Facts are what the server knows of itself since it started.
type Facts struct {
	Since       time.Time
	Reconciled  time.Time // when the last reconciliation began that went through; zero before
	Redelivered int       // deliveries that it asked for again
	Evaluated   int       // pull requests that it had judged
	Budgets     []Budget
	Unpublished []store.Count // what GitHub did not take
}

// A Budget is what is left of an installation's hour of requests.
type Budget struct {
	Installation int64 // 0 for the App itself
	Resource     string
	Left, Limit  int
	Reset        time.Time
}

type healthPage struct {
	Waiting        int
	Age            string
	All, Processed int // deliveries of the last day
	Open           int
	Arrivals       []store.Received
	Stuck          []stuck
	Facts          *Facts
	Reconciled     string
	Up             string
	Budgets        []budget
	Repositories   []doctored
	Healthy, Ill   int // repositories of which the doctor found nothing, or something
	Unasked        int
}

type stuck struct {
	store.Stuck
	For string
}

type budget struct {
	Budget
	Of    string // whose
	In    string // until it is full again
	Width int
}

type doctored struct {
	Name    string
	Checked string
	Found   []Finding
}

// The bounds of what the page shows.
const (
	shownArrivals = 15
	shownStuck    = 10
	shownDoctored = 20
	shownBudgets  = 30
	looked        = 500 // repositories that are looked at
)

// health shows whether anything waits or fails, and what the doctor found.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	p, err := s.newHealth(r)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "health.html", p)
}

func (s *server) newHealth(r *http.Request) (p healthPage, err error) {
	ctx, repos, now := r.Context(), viewing(r).only(), s.Now()
	var since time.Time
	if p.Waiting, since, err = s.Store.WaitingIn(ctx, repos); err != nil {
		return p, err
	}
	if p.Waiting > 0 {
		p.Age = now.Sub(since).Round(time.Second).String()
	}
	if p.All, p.Processed, err = s.Store.Arrived(ctx, repos, now.Add(-24*time.Hour)); err != nil {
		return p, err
	}
	p.Open = p.All - p.Processed
	if p.Arrivals, err = s.Store.Arrivals(ctx, repos, now.Add(-24*time.Hour), shownArrivals); err != nil {
		return p, err
	}
	fails, err := s.Store.Stuck(ctx, repos, shownStuck)
	if err != nil {
		return p, err
	}
	for _, x := range fails {
		p.Stuck = append(p.Stuck, stuck{x, ago(now.Sub(x.Since))})
	}
	list, err := s.Store.Repositories(ctx, repos, looked)
	if err != nil {
		return p, err
	}
	p.doctor(list, now)
	if s.Facts == nil {
		return p, nil
	}
	facts, err := s.Facts(ctx)
	if err != nil {
		return p, err
	}
	p.facts(facts, list, viewing(r).all, now)
	return p, nil
}

// doctor lists what was found of repositories, those with problems alone.
func (p *healthPage) doctor(list []store.Repository, now time.Time) {
	for _, r := range list {
		g := readGuarded(r)
		if !g.Asked {
			p.Unasked++
			continue
		}
		d := doctored{Name: r.Name, Checked: ago(now.Sub(r.Checked))}
		for _, f := range g.Found {
			if f.State != "ok" {
				d.Found = append(d.Found, f)
			}
		}
		if len(d.Found) == 0 {
			p.Healthy++
			continue
		}
		if p.Ill++; len(p.Repositories) < shownDoctored {
			p.Repositories = append(p.Repositories, d)
		}
	}
}

// facts takes over what the server knows; of budgets those of the installations
// whose repositories somebody may read, and what is counted over all repositories
// only for who may read them all.
func (p *healthPage) facts(f Facts, list []store.Repository, all bool, now time.Time) {
	if !all {
		f.Redelivered, f.Evaluated, f.Unpublished = 0, 0, nil
	}
	p.Facts, p.Up = &f, ago(now.Sub(f.Since))
	if !f.Reconciled.IsZero() {
		p.Reconciled = ago(now.Sub(f.Reconciled))
	}
	for _, b := range f.Budgets {
		i := slices.IndexFunc(list, func(r store.Repository) bool { return r.Installation == b.Installation })
		if i < 0 && !all || len(p.Budgets) == shownBudgets {
			continue
		}
		one := budget{Budget: b, Of: "the App itself", Width: barWidth}
		if b.Installation != 0 {
			one.Of = "installation"
		}
		if i >= 0 {
			one.Of = owner(list[i].Name)
		}
		if b.Limit > 0 {
			one.Width = min(barWidth, b.Left*barWidth/b.Limit)
		}
		if left := b.Reset.Sub(now); left > 0 {
			one.In = ago(left)
		}
		p.Budgets = append(p.Budgets, one)
	}
}

func owner(name string) string {
	for i, c := range name {
		if c == '/' {
			return name[:i]
		}
	}
	return name
}
