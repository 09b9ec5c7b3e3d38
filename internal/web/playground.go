package web

import (
	"net/http"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/rules/catalogue"
)

type playgroundPage struct {
	Text             string
	Tried            bool
	Errors, Warnings []string
	Effective        []policy.Line
}

// playground holds a policy against what policies may say, and shows what it
// comes to. Nothing of it is kept.
func (s *server) playground(w http.ResponseWriter, r *http.Request) {
	p := playgroundPage{Text: string(policy.DefaultYAML())}
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 4*policy.MaxSize)
		if err := r.ParseForm(); err != nil {
			s.say(w, r, http.StatusRequestEntityTooLarge, "That is too long for a policy", "Policies are bounded, so that each can be judged quickly.")
			return
		}
		p.Text, p.Tried = r.PostForm.Get("policy"), true
		p.try()
	}
	s.render(w, r, http.StatusOK, "policy.html", p)
}

// maxProblems is how many are shown.
const maxProblems = 100

func (p *playgroundPage) try() {
	loaded, problems := policy.Load([]byte(p.Text), policy.Source{Name: policy.Path}, catalogue.Kinds())
	if problems != nil {
		for _, one := range problems[:min(len(problems), maxProblems)] {
			p.Errors = append(p.Errors, one.Error())
		}
		return
	}
	warnings := policy.Lint(loaded, nil)
	for _, one := range warnings[:min(len(warnings), maxProblems)] {
		p.Warnings = append(p.Warnings, one.Error())
	}
	lines, err := policy.Explain([]policy.Text{{Layer: "repository", Source: policy.Source{Name: policy.Path}, Data: []byte(p.Text)}}, catalogue.Kinds())
	if err != nil {
		p.Errors = append(p.Errors, err.Error())
		return
	}
	p.Effective = lines
}
