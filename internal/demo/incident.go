package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/ghfake"
)

//go:embed incident
var incident embed.FS

// recorded is the incident's commit.
type recorded struct {
	Message string    `json:"message"`
	Date    time.Time `json:"date"`
	Files   []struct {
		Filename  string `json:"filename"`
		Status    string `json:"status"`
		Additions int    `json:"additions"`
		Deletions int    `json:"deletions"`
	} `json:"files"`
}

// Title is the title that the pull request's own text asks for.
const Title = "🚨 EMERGENCY: Critical Infrastructure Failures + System Stability Violations - $500K+ ARR at Risk"

// Branch is the incident's head branch.
const Branch = "develop-long-lived"

// read returns a file of the incident.
func read(name string) (string, error) {
	data, err := incident.ReadFile("incident/" + name)
	if err != nil {
		return "", fmt.Errorf("read the incident: %w", err)
	}
	return string(data), nil
}

// Prepare rebuilds the incident in a repository: the base with a policy, the
// commit on its branch, and the pull request with the label that declares what
// the session was to be. It returns the pull request's number.
func Prepare(repo *ghfake.Repo) (int, error) {
	texts := make(map[string]string)
	for _, name := range []string{"commit.json", "requirements.base.txt", "requirements.head.txt", "pull-request-body.md", "policy.yml"} {
		text, err := read(name)
		if err != nil {
			return 0, err
		}
		texts[name] = text
	}
	var c recorded
	if err := json.Unmarshal([]byte(texts["commit.json"]), &c); err != nil {
		return 0, fmt.Errorf("read the incident's commit: %w", err)
	}
	base, head := ghfake.Files{".github/changeguard.yml": ghfake.Text(texts["policy.yml"])}, ghfake.Files{}
	for _, f := range c.Files {
		before, after := standIn(f.Filename, f.Additions, f.Deletions)
		if f.Filename == "requirements.txt" {
			before, after = texts["requirements.base.txt"], texts["requirements.head.txt"]
		}
		if f.Status != "added" {
			base[f.Filename] = ghfake.Text(before)
		} else {
			after = addedOnly(f.Filename, f.Additions)
		}
		head[f.Filename] = ghfake.Text(after)
	}
	author := ghfake.Signature{Name: "author-1", Email: "author-1@example.com", When: c.Date}
	repo.Commit("main", "The repository before the session", base, ghfake.Signature{Name: "author-1", Email: "author-1@example.com", When: c.Date.Add(-time.Hour)})
	repo.Branch(Branch, "main")
	repo.Commit(Branch, c.Message, head, author)
	pull := repo.Open(ghfake.Pull{Title: Title, Body: texts["pull-request-body.md"], Base: "main", Head: Branch, Author: ghfake.Account{Login: "author-1", ID: 101, Type: "User"}})
	repo.Label(pull.Number, "analysis-only", "lead-1")
	return pull.Number, nil
}

// common is how many lines both sides of a changed file share.
const common = 120

// standIn makes contents that differ by the recorded numbers of lines.
func standIn(name string, added, deleted int) (before, after string) {
	var b, a strings.Builder
	write := func(w *strings.Builder, what string, n int) {
		for i := range n {
			w.WriteString(line(name, what, i))
		}
	}
	for _, w := range []*strings.Builder{&b, &a} {
		write(w, "kept", common)
	}
	write(&b, "before", deleted)
	write(&a, "after", added)
	for _, w := range []*strings.Builder{&b, &a} {
		write(w, "rest", common)
	}
	return b.String(), a.String()
}

func addedOnly(name string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(name, "added", i))
	}
	return b.String()
}

func line(name, what string, i int) string {
	if strings.HasSuffix(name, ".py") {
		return fmt.Sprintf("%s_%d = %d\n", what, i, i)
	}
	return fmt.Sprintf("Stand-in line %d, %s.\n", i, what)
}
