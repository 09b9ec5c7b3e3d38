package change

import "strings"

// Documents that are no prose: pictures, pages, tables, what tools reported. The
// same formats are what programs load and sites serve, so that a document is told
// by three signs together: the format, a place that begins with folders in which
// people write or tools report, and a name that is not one of something loaded.
// YAML is no such format: where it lies says nothing, since it is written to be
// obeyed.

// form is a format of documents that is one of other things as well.
type form uint8

const (
	formNone    form = iota
	formPicture      // shown and never run
	formPage
	formMarkup
	formTable
	formRecord
	formLog
)

var forms = func() map[string]form {
	m := make(map[string]form)
	for f, ends := range []string{
		formPicture: ".png .jpg .jpeg .gif .webp .avif .bmp .tif .tiff .svg",
		formPage:    ".html .htm .xhtml",
		formMarkup:  ".xml",
		formTable:   ".csv .tsv .xlsx .ods",
		formRecord:  ".json .jsonl .ndjson",
		formLog:     ".log",
	} {
		for end := range strings.FieldsSeq(ends) {
			m[end] = form(f)
		}
	}
	return m
}()

// place is what the folders above a file say of it, the surest last.
type place uint8

const (
	placeUnknown place = iota
	placeTop           // no folder above it
	placeTrials        // of measurements: only what is below it may be more
	placeSpec
	placeDocs
	placeReports   // of tools, or a page of a program that calls itself so
	placeTestRun   // what a test runner leaves behind
	placeRecollect // what people write down of what happened
)

var places = func() map[string]place {
	m := make(map[string]place)
	for p, names := range []string{
		placeTrials:    "benchmarks benchmark experiments notes",
		placeDocs:      "docs doc documentation",
		placeReports:   "reports results",
		placeTestRun:   "test-reports test_reports test-results test_results coverage-reports",
		placeRecollect: "learnings postmortems post-mortems postmortem worklogs worklog retrospectives investigations audits findings adr adrs rfc rfcs meetings",
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] = place(p)
		}
	}
	return m
}()

// isRecord reports whether a file of such a format is a document.
func (n *name) isRecord() bool {
	f := forms[n.ext]
	if f == formNone || n.base[0] == '.' || n.base[0] == '_' {
		return false
	}
	at := n.lies()
	if f == formPicture {
		return at.pictured
	}
	stem := strings.TrimSuffix(n.base, n.ext)
	if f == formMarkup && (at.place == placeSpec || at.place == placeRecollect) {
		return true // only people read XML there, whatever it is called
	}
	if !at.reported && loadedNames[stem[strings.LastIndexAny(stem, "-_. ")+1:]] {
		return false
	}
	switch f {
	case formPage:
		return at.place == placeTestRun || (at.inDocs || at.place == placeRecollect) && !isTried(stem)
	case formMarkup:
		return at.place == placeDocs || at.place == placeTestRun || at.place == placeReports && testReport(stem) || at.place == placeTop && reported(stem)
	case formRecord:
		return at.place >= placeReports || at.place == placeTop && reported(stem)
	case formLog:
		return at.place >= placeDocs || at.place == placeTop
	}
	return at.place >= placeDocs || at.place == placeTop && reported(stem)
}

// location is where a file lies.
type location struct {
	place    place
	inDocs   bool // in a folder of documents at the top of the repository
	pictured bool // in any folder where pictures are documents
	reported bool // what a tool wrote of a specification, whatever it is called
}

// lies reads the folders from the top. A folder counts where every one above it
// does: "reports" within a program is its code. Pictures may lie in any folder of
// documents.
func (n *name) lies() (at location) {
	rest := n.full[:len(n.full)-len(n.base)]
	if rest == "" {
		return location{place: placeTop}
	}
	if strings.HasPrefix(n.path, "SPEC/") { // in small letters it is a folder of tests
		at.place, at.pictured, rest = placeSpec, true, rest[len("SPEC/"):]
	}
	obeyed := false
	for first := at.place == placeUnknown; rest != ""; first = false {
		var segment string
		segment, rest, _ = strings.Cut(rest, "/")
		obeyed = obeyed || isLoaded(segment)
		p := places[segment]
		at.pictured = at.pictured || !obeyed && p == placeDocs
		switch {
		case at.place >= placeSpec && belowDocs[segment]:
			at.reported = at.reported || at.place == placeSpec
			at.place = placeReports
		case p != placeUnknown && (first || at.place != placeUnknown):
			at.place = p
			at.inDocs = at.inDocs || p == placeDocs
		}
		at.pictured = at.pictured || !obeyed && at.place >= placeReports
	}
	if obeyed {
		return location{pictured: at.pictured}
	}
	return at
}

// isLoaded knows folders of what is built, served, tested or read, and those that
// tools keep for themselves.
func isLoaded(segment string) bool {
	if segment == "" || segment[0] == '.' || segment[0] == '_' || loadedFolders[segment] {
		return true
	}
	f, known := anywhere[segment]
	return known && f.rank <= rankTests && f.kinds == everyKind
}

// isTried knows pages that are more than read: those that a site is entered by or
// put together from, and those that show a program at work.
func isTried(stem string) bool {
	for word := range strings.FieldsFuncSeq(stem, func(r rune) bool { return strings.ContainsRune("-_. ", r) }) {
		if sitePages[word] {
			return true
		}
	}
	return false
}

// reported knows what tools write at the top of a repository, by the last word in
// front of a time: "docker_audit_report_20250828.json", "log-analysis.json".
func reported(stem string) bool {
	stem = strings.TrimRight(stem, "0123456789-_.")
	at := strings.LastIndexAny(stem, "-_. ")
	switch stem[at+1:] {
	case "junit", "coverage":
		return at < 0
	case "report", "reports", "audit", "analysis", "findings", "summary":
		return at > 0
	case "results":
		return at > 0 && strings.Contains(stem[:at], "test")
	}
	return false
}

// testReport knows the reports of test runners and of what measures coverage. Other
// XML among reports may define them, as it does for report generators.
func testReport(stem string) bool {
	for _, start := range [...]string{"junit", "test-", "coverage", "cobertura", "jacoco", "surefire"} {
		if strings.HasPrefix(stem, start) {
			return true
		}
	}
	return false
}

// isTask knows prompts that people wrote down for one task and keep at the top:
// "FIX_LOGIN_TEAM_PROMPT.md", in capitals as other documents there. What programs
// load is in small letters, or says whom it instructs.
func (n *name) isTask() bool {
	stem, prose := strings.CutSuffix(n.path, ".md")
	if !prose || stem != strings.ToUpper(stem) || strings.Contains(stem, "/") || strings.Count(stem, "_") < 2 {
		return false
	}
	return !instructs(stem)
}

// instructs reports whether a name in capitals says whom a prompt instructs.
func instructs(stem string) bool {
	for word := range strings.SplitSeq(stem, "_") {
		if instructing[word] {
			return true
		}
	}
	return false
}

var (
	// instructing are words in the names of prompts that are sent each time.
	instructing = set("SYSTEM BASE DEFAULT CORE MAIN MASTER DEVELOPER USER ASSISTANT ROLE PERSONA LOOP BOOTSTRAP INIT STARTUP GLOBAL ROOT")
	// belowDocs are folders of reports among documents, and of anything elsewhere.
	belowDocs = set("generated analysis analyses audit report logs")
	// loadedFolders hold what is built, served or read, also below documents.
	loadedFolders = set(`app apps src source lib libs js css scripts script bin templates template layouts layout partials includes include theme themes overrides
		static public assets resources www site web website views view components pages config configs conf settings schemas schema fixtures fixture testdata data
		i18n locale locales plugins hooks functions prompts prompt rules policies migrations seeds baselines baseline snapshots golden goldens vectors examples example
		samples demo demos playground node_modules vendor definitions models`)
	// loadedNames are last words in the names of what tools read.
	loadedNames = set(`config configuration conf settings schema schemas params parameters options rules openapi swagger asyncapi manifest package template templates
		layout baseline baselines thresholds threshold allowlist denylist blocklist whitelist blacklist ignore policy policies registry catalog secrets credentials
		definition definitions docs mint sidebars navigation nav book theme log4j log4j2 logback messages translations redirects versions version lock data mapping mappings
		stopwords words wordlist dictionary vocab labels tokens lookup prices rates users fixtures seed`)
	// sitePages are words in the names of pages that are part of a site or a program.
	sitePages = set(`index 404 home main app base head header footer nav menu search login demo demos example examples playground sandbox tool editor form iframe widget embed`)
)
