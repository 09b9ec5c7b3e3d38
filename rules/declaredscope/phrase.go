package declaredscope

import (
	"strings"
	"sync"
)

// promise reads the sentence that is left when its prefixes are off.
func (s *sentence) promise() string {
	w := words(s.text)
	if len(w) == 0 || saysMore(w) {
		return ""
	}
	n := 0
	switch {
	case documents[w[0]] && !isNoun(w[1:]), !s.area && studies[w[0]] && !(len(w) > 1 && (programNouns[w[1]] || nouns[w[1]])):
		n = 1
	case work()[w[0]] == workOnText:
		n = textsFollow(w[1:])
		if n > 0 {
			n++
		}
	default:
		n, _ = textPhrase(w)
	}
	fields := strings.Fields(s.text)
	return strings.TrimRight(strings.Join(fields[:min(n, len(fields))], " "), ",;:.!")
}

// isNoun reports whether what follows makes a noun of "documents": "Documents can be
// uploaded", "Documents that are no prose", but not "Documents that the port is wrong".
func isNoun(following []string) bool {
	if len(following) > 0 && (following[0] == "that" || following[0] == "which") {
		following = following[1:]
	}
	return len(following) > 0 && auxiliaries[following[0]]
}

// textPhrase is the number of words at the beginning that name a text: "Audit
// report for …", "Root cause analysis", "README update". A noun that something
// else follows is a part of a program: "Report export". whole says that nothing
// follows.
func textPhrase(w []string) (n int, whole bool) {
	for n < len(w) && qualifiers[w[n]] {
		n++
	}
	from := n
	for n < len(w) && (nouns[w[n]] || n > from && edits[w[n]]) {
		n++
	}
	if n == from || n < len(w) && !endsPhrase[w[n]] {
		return 0, false
	}
	return n, n == len(w)
}

// textsFollow is the number of words after "Update" or "Add" that name a text:
// "the docs for …", but not "docs build". What is called a report or an analysis
// may be a feature here.
func textsFollow(w []string) int {
	n := 0
	for n < len(w) && (qualifiers[w[n]] || articles[w[n]]) {
		n++
	}
	if n == len(w) || !documentNouns[w[n]] || n+1 < len(w) && !endsPhrase[w[n+1]] {
		return 0
	}
	return n + 1
}

// saysMore finds "… and fix the port": a title that names its work promises
// more than words.
func saysMore(w []string) bool {
	for i, word := range w {
		if i+1 >= len(w) || !strings.Contains(" and & + then plus , ; ", " "+word+" ") {
			continue
		}
		next := w[i+1:]
		for len(next) > 1 && (next[0] == "also" || next[0] == "and" || next[0] == "then") {
			next = next[1:]
		}
		if kind := work()[next[0]]; kind != "" && (kind == workOnCode || textsFollow(next[1:]) == 0) {
			return true
		}
	}
	return false
}

// set splits a list of words.
func set(list string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}

var (
	// documents begin sentences that announce a text and nothing else.
	documents = set("document documents documented documenting")
	// auxiliaries make a noun of it: "Documents can be uploaded".
	auxiliaries = set("can are is may must should will were was with without")
	// studies do so too, unless a part of a program follows: "Audit log: …".
	studies = set("analyze analyse analyzes analyses analyzed analysed analyzing analysing audit audits audited auditing")
	// nouns are texts.
	nouns         = set("analysis analyses report reports audit audits documentation docs doc readme readme.md changelog changelog.md worklog worklogs postmortem")
	documentNouns = set("documentation docs doc readme readme.md changelog changelog.md worklog worklogs")
	// qualifiers stand before the name of a text and not before that of a feature.
	qualifiers = set("root cause five 5 whys why incident investigation final comprehensive complete detailed full missing more new initial")
	articles   = set("the a an some our")
	edits      = set("update updates fix fixes changes improvements cleanup refresh findings results summary notes")
	// programNouns make a feature of the word before them.
	programNouns = set(`log logs logging logger trail trails event events entry entries record records table tables api endpoint endpoints service middleware
		hook hooks mode command plugin module page view widget handler model schema store storage stream sink queue worker job`)
	endsPhrase = set(": ; , - – — | for of on about from with in to after regarding at before during")
	// notes are labels that say nothing of a part of the program.
	notes = set("wip draft note emergency urgent critical important phase step part issue ticket task epic pr day week")
	// otherTypes are those that say that it is more than words.
	otherTypes = set(`feat feature features fix fixes bugfix hotfix bug refactor refactoring perf performance test tests testing build ci cd chore style revert deps
		dependencies security sec improvement enhancement release merge cleanup config infra tool tools tooling deploy deployment migration add update remove change`)
)

// workOnText is the kind of work that is done on texts as well.
const (
	workOnCode = "code"
	workOnText = "text"
)

// work are the verbs of work, in the forms that titles use.
var work = sync.OnceValue(func() map[string]string {
	m := make(map[string]string)
	for kind, verbs := range map[string]string{
		workOnCode: `remove delete drop change refactor rewrite implement introduce rename move migrate bump upgrade downgrade support handle enable disable replace use
			make allow prevent optimize optimise simplify extract convert revert restore resolve address patch harden guard merge release deploy configure ensure wire`,
		workOnText: "add update improve write create fix correct revise clarify expand extend complete finalize finalise refresh polish",
	} {
		for v := range strings.FieldsSeq(verbs) {
			stem := strings.TrimSuffix(v, "e")
			for _, form := range []string{v, v + "s", v + "es", stem + "ed", stem + "ing"} {
				m[form] = kind
			}
		}
	}
	return m
})
