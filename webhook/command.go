package webhook

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/changeguard/changeguard/internal/store"
)

// commandWord begins a line that asks for something.
const commandWord = "/changeguard"

// maxCommand bounds a command's line, in bytes.
const maxCommand = 2000

// account is somebody in a payload.
type account struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
	Type  string `json:"type"`
}

func (a *account) person() bool { return a != nil && a.Type == "User" && a.ID > 0 && a.Login != "" }

// comment is one under a pull request.
type comment struct {
	ID        int64     `json:"id"`
	Body      string    `json:"body"`
	User      *account  `json:"user"`
	CreatedAt time.Time `json:"created_at"`
	App       *struct {
		Slug string `json:"slug"`
	} `json:"performed_via_github_app"`
}

type issue struct {
	Number      int       `json:"number"`
	State       string    `json:"state"`
	PullRequest *struct{} `json:"pull_request"`
}

// remark takes a comment that asks for something. What an App or a bot says is
// none; nor is what somebody else says in a person's name. Nothing is asked of
// GitHub to know that a comment does not matter.
func (p *payload) remark(s store.Subject, f *found) error {
	if p.Issue == nil || p.Comment == nil {
		return nil
	}
	line, ok := commandLine(p.Comment.Body)
	if !ok || p.Issue.PullRequest == nil || !p.Sender.person() || !p.Comment.User.person() || p.Sender.ID != p.Comment.User.ID {
		return nil
	}
	if p.Issue.Number < 1 || p.Comment.ID < 1 || p.Comment.CreatedAt.IsZero() {
		return errors.New("its comment has no number, id or time")
	}
	f.command = &store.Command{
		Cause: fmt.Sprintf("comment %d", p.Comment.ID), Comment: p.Comment.ID, By: p.Sender.Login, ByID: p.Sender.ID, Body: line, MadeAt: p.Comment.CreatedAt,
	}
	if p.Comment.App != nil {
		f.command.Via = p.Comment.App.Slug
		if f.command.Via == "" {
			f.command.Via = "an App"
		}
	}
	words := strings.Fields(line)
	f.again = len(words) > 1 && words[1] == "recheck" && f.command.Via == ""
	s.Kind, s.Number = store.Pull, p.Issue.Number
	f.subjects = []store.Subject{s}
	return nil
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// click takes the press of a button that lifts something, for every pull request
// with that head. Who may is asked when it is carried out.
func (p *payload) click(s store.Subject, f *found) error {
	if err := p.rerun(p.CheckRun, s, f); err != nil {
		return err
	}
	f.again = false
	if !p.Sender.person() {
		f.subjects, f.sharing = nil, store.Subject{}
		return nil
	}
	f.command = &store.Command{Head: p.CheckRun.HeadSHA, By: p.Sender.Login, ByID: p.Sender.ID, Body: commandWord + " approve"}
	return nil
}
