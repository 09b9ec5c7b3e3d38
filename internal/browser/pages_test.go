package browser_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// What every page keeps to.
const (
	maxPage  = 100 << 10 // bytes, with all that it loads
	maxPages = 40        // that are looked at
)

// widths are the windows in pixels that a page must fit: what 1280 are at 400 %
// (WCAG 1.4.10), a phone, and a large screen.
var widths = []int64{320, 360, 1920}

// Every page that a link leads to keeps to all of it: it weighs little, comes from
// here alone, fits a narrow window, is walked by keyboard, is found to be
// accessible in both schemes, and makes no error in the console.
func TestEveryPage(t *testing.T) {
	p := shop(t)
	x := openTab(t)
	p.signIn(x, "ann")
	pages := p.crawl(x, "/acme/platform/pull/1", "/acme/web/pull/2", "/audit?q=nothing-like-this", "/no/such/page")
	for _, page := range pages {
		t.Run(strings.ReplaceAll(page, "/", "_"), func(t *testing.T) { p.keeps(x.in(t), page) })
	}
	if len(pages) < 8 {
		t.Errorf("only %d pages were found: %q", len(pages), pages)
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// shape is what pages of one kind share.
func shape(address string) string {
	at, query, _ := strings.Cut(address, "?")
	keys, err := url.ParseQuery(query)
	if err != nil {
		return address
	}
	return digits.ReplaceAllString(at, "N") + fmt.Sprint(len(keys))
}

// crawl lists the pages that links lead to from the first one, each kind once, and
// those that are given.
func (p *place) crawl(x *tab, also ...string) []string {
	x.Helper()
	list, known := append([]string{"/"}, also...), make(map[string]bool)
	for _, page := range list {
		known[shape(page)] = true
	}
	for i := 0; i < len(list); i++ {
		if len(list) > maxPages {
			x.Fatalf("more than %d kinds of pages: %q", maxPages, list)
		}
		x.visit(p.home + list[i])
		links := script[[]string](x, `[...document.querySelectorAll('a[href]')].filter(a => a.origin === location.origin && !a.hasAttribute('download')).map(a => a.pathname + a.search)`)
		for _, link := range links {
			at, _, _ := strings.Cut(link, "?")
			file := strings.Contains(at[strings.LastIndex(at, "/"):], ".") || at == "/readyz"
			if s := shape(link); !file && !known[s] {
				known[s] = true
				list = append(list, link)
			}
		}
	}
	return list
}

// keeps holds a page to what every page keeps to.
func (p *place) keeps(x *tab, page string) {
	x.scheme("light")
	x.wide(1280)
	x.visit(p.home + page)
	if want := map[bool]int64{true: 404, false: 200}[page == "/no/such/page"]; x.status(p.home+page) != want {
		x.Fatalf("answered with %d, want %d", x.status(p.home+page), want)
	}
	p.looks(x)
}

// looks holds what is shown to its weight, the keyboard, readers of screens, both themes
// and narrow windows.
func (p *place) looks(x *tab) {
	x.Helper()
	p.weighs(x)
	named(x)
	walks(x)
	accessible(x)
	x.scheme("dark")
	accessible(x)
	x.scheme("light")
	for _, width := range widths {
		x.wide(width)
		fits(x, width)
		named(x)
	}
}

// named wants a title of its own, one heading of the whole, and a caption on each
// table.
func named(x *tab) {
	x.Helper()
	if title := script[string](x, `document.title`); !strings.HasSuffix(title, " · changeguard") || strings.HasPrefix(title, " ") {
		x.Errorf("the page is called %q", title)
	}
	if n := script[int](x, `document.querySelectorAll('h1').length`); n != 1 {
		x.Errorf("%d headings of the whole", n)
	}
	if n := script[int](x, `[...document.querySelectorAll('table')].filter(t => !t.caption || !t.caption.innerText.trim()).length`); n != 0 {
		x.Errorf("%d tables have no caption", n)
	}
	if broken := script[[]string](x, `[...document.querySelectorAll('caption:not(.hidden)')].filter(c => c.checkVisibility() && c.getBoundingClientRect().width < 60).map(c => c.innerText)`); len(broken) > 0 {
		x.Errorf("captions without room: %q", broken)
	}
}

// weighs holds a page to its weight, and to where it loads from.
func (p *place) weighs(x *tab) {
	x.Helper()
	all, what := x.loaded()
	if all == 0 || all > maxPage {
		x.Errorf("the page weighs %.0f bytes: %v", all, what)
	}
	for address := range what {
		if !strings.HasPrefix(address, p.home+"/") {
			x.Errorf("the page loads %s", address)
		}
	}
}

// fits wants nothing to stand out of the window sideways.
func fits(x *tab, width int64) {
	x.Helper()
	wide := script[[]string](x, `(() => {
		const w = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= w) return [];
		return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > w + 1)
			.map(e => e.outerHTML.slice(0, 120)).concat(['scrollWidth ' + document.documentElement.scrollWidth]);
	})()`)
	if len(wide) > 0 {
		x.Errorf("at %d pixels it stands out of the window: %q", width, wide)
	}
}
