package workflows

import (
	"fmt"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

// A collector gathers the facts of one file.
type collector struct {
	file  *workflow.File
	facts []fact
	taint map[string]bool // names of variables and outputs that hold what strangers write
	steps map[string]bool // the same of the outputs of the job's steps
}

// factsOf lists what is so in a workflow; nothing for one that is not there.
func factsOf(f *workflow.File) []fact {
	if f == nil || f.Root == nil {
		return nil
	}
	c := &collector{file: f, taint: make(map[string]bool)}
	c.triggers()
	c.permissions()
	c.secrets()
	c.variables(f.Env)
	for _, job := range f.Jobs {
		c.job(job)
	}
	return c.facts
}

func (c *collector) add(f fact) { c.facts = append(c.facts, f) }

// privileged are events that run with the repository's secrets on behalf of people
// who have no rights in it.
var privileged = []string{"pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment", "pull_request_review_comment"}

func (c *collector) triggers() {
	for _, t := range c.file.On {
		if t.Event == "pull_request_target" || t.Event == "workflow_run" {
			c.add(fact{
				key: "trigger " + t.Event, allow: t.Event, once: true, line: t.Line, shown: "on: " + t.Event,
				message: fmt.Sprintf("The workflow runs on %s now: with the repository's secrets and a token that may write, also for changes from forks.", t.Event),
				remedy:  "Use pull_request, which has neither, wherever the job does not need them.",
			})
		}
	}
}

func (c *collector) permissions() {
	for _, job := range c.file.Jobs {
		p, line := c.file.Permissions, job.Line
		if job.Permissions != nil {
			p = job.Permissions
		}
		switch {
		case p == nil && job.Name != "":
			c.add(fact{
				key: "permission default", allow: "default-permissions", once: true, line: line, shown: "job " + job.Name,
				message: "No permissions are declared, so the token has whatever the repository's default is, which may be to write everything.",
				remedy:  "Add \"permissions: {contents: read}\" and what the job needs beyond.",
			})
		case p != nil && p.Kind == workflow.Scalar && p.Text == "write-all":
			c.gained("write-all", p.Line, "to write everything")
		case p != nil:
			for _, pair := range p.Items() {
				if pair.Value.String() == "write" {
					c.gained(pair.Key+":write", pair.Line, "to write "+pair.Key)
				}
			}
		}
	}
}

func (c *collector) gained(what string, line int, can string) {
	message := fmt.Sprintf("A job gains the permission %s.", can)
	if what == "id-token:write" {
		message = "A job gains id-token: write, with which it can sign in to clouds and registries as this repository."
	}
	c.add(fact{key: "permission " + what, allow: what, line: line, message: message, shown: what, remedy: "Leave the permission out, or give it to the one job that needs it and nothing else."})
}

var secretName = lazyregexp.New(`(?i)\bsecrets\s*(?:\.\s*([A-Za-z0-9_-]+)|\[\s*'([^']*)'\s*\]|(\[|\)|\s*\}\}))`)

// secrets looks at every text.
func (c *collector) secrets() {
	c.file.Root.Walk(func(key string, v *workflow.Value) {
		if key == "secrets" && v.Text == "inherit" {
			c.secret("inherit", v.Line, "all secrets (inherit)")
		}
		if !strings.Contains(v.Text, "secrets") || !strings.Contains(v.Text, "${{") && key != "if" {
			return
		}
		for _, at := range secretName.FindAllStringSubmatchIndex(v.Text, 1000) {
			name := "*"
			for g := 2; g <= 4; g += 2 {
				if at[g] >= 0 {
					name = strings.ToUpper(v.Text[at[g]:at[g+1]])
				}
			}
			if name != "GITHUB_TOKEN" {
				c.secret(name, v.LineOf(at[0]), "the secret "+name)
			}
		}
	})
}

func (c *collector) secret(name string, line int, what string) {
	if name == "*" {
		what = "all secrets together"
	}
	c.add(fact{
		key: "secret " + name, allow: "secrets." + name, once: true, line: line, shown: "secrets." + name,
		message: fmt.Sprintf("The workflow uses %s, which it did not before.", what), remedy: "Make sure that the job needs it, and hand it to that one step.",
	})
}

func (c *collector) job(job workflow.Job) {
	c.steps = make(map[string]bool)
	if job.Uses != nil {
		c.uses(job.Uses, "The reusable workflow")
	}
	c.image(job.Value.Get("container"))
	for _, service := range job.Value.Get("services").Items() {
		c.image(service.Value)
	}
	c.runner(job.Value.Get("runs-on"), job.Value.Get("strategy", "matrix"))
	c.variables(job.Env)
	for _, s := range job.Steps {
		if s.Uses != nil {
			c.uses(s.Uses, "The action")
		}
		c.variables(s.Env)
		c.headCheckout(s)
		c.injections(s)
		c.prompt(s)
		c.handsOn(s)
	}
	c.handsOver(job)
}

var (
	commit = lazyregexp.New(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)
	digest = lazyregexp.New(`@sha256:[0-9a-f]{64}$`)
	tag    = lazyregexp.New(`^v?[0-9]`)
)

// uses judges what is run from elsewhere. What was unpinned before and has another
// tag now is not more unpinned; a branch is more so than a tag.
func (c *collector) uses(v *workflow.Value, what string) {
	name := strings.TrimSpace(v.String())
	if image, ok := strings.CutPrefix(name, "docker://"); ok {
		c.unpinnedImage(image, v.Line)
		return
	}
	action, ref, ok := strings.Cut(name, "@")
	if name == "" || strings.HasPrefix(name, "./") || commit.MatchString(ref) {
		return
	}
	kind := "branch "
	if tag.MatchString(ref) {
		kind = "tag "
	}
	message := fmt.Sprintf("%s %s is at %s%s, which its owner, or whoever takes the account over, can change at any time.", what, action, kind, ref)
	if !ok {
		message = fmt.Sprintf("%s %s names no version.", what, action)
	}
	c.add(fact{
		key: "unpinned " + kind + strings.ToLower(action), allow: action, line: v.Line, shown: "uses: " + name,
		message: message,
		remedy:  fmt.Sprintf("Name the commit: uses: %s@<40 digits>", action),
	})
}

// image reads "container: x" and "container: {image: x}".
func (c *collector) image(v *workflow.Value) {
	if v != nil && v.Kind == workflow.Mapping {
		v = v.Get("image")
	}
	if image := strings.TrimPrefix(strings.TrimSpace(v.String()), "docker://"); image != "" {
		c.unpinnedImage(image, v.Line)
	}
}

func (c *collector) unpinnedImage(image string, line int) {
	if digest.MatchString(image) || strings.Contains(image, "${{") {
		return
	}
	name, _, _ := strings.Cut(image, "@")
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name = name[:at]
	}
	c.add(fact{
		key: "unpinned image " + name, allow: "docker://" + name, line: line, shown: image,
		message: fmt.Sprintf("The image %s has no digest: what it is can change at any time.", image), remedy: fmt.Sprintf("Name the digest: %s@sha256:…", image),
	})
}
