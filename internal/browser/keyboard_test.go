package browser_test

import (
	"fmt"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// markStops numbers what the Tab key must reach, in the order in which it is read,
// and tells how much that is. Of the choices of one question the key reaches one.
const markStops = `(() => {
	const stops = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')]
		.filter(e => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
		.filter(e => e.type !== 'radio' || e.checked || !document.querySelector('input[type=radio][name="' + CSS.escape(e.name) + '"]:checked') &&
			document.querySelector('input[type=radio][name="' + CSS.escape(e.name) + '"]') === e);
	stops.forEach((e, i) => e.dataset.stop = i);
	return stops.length;
})()`

// focused tells where the focus is, and whether one sees it. A box that scrolls
// takes the focus without being asked to: it has no number.
const focused = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
	return {
		stop: e.dataset.stop === undefined ? -1 : +e.dataset.stop,
		what: e.outerHTML.slice(0, 120),
		ring: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1 || s.boxShadow !== 'none',
		seen: r.width > 0 && r.height > 0 && r.right > 0 && r.bottom > 0 && r.left < innerWidth && r.top < innerHeight,
		scrolls: e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight,
	};
})()`

type focus struct {
	Stop    int    `json:"stop"`
	What    string `json:"what"`
	Ring    bool   `json:"ring"`
	Seen    bool   `json:"seen"`
	Scrolls bool   `json:"scrolls"`
}

// walks goes through the page with the Tab key alone: it reaches everything, in
// order, and shows where it is.
func walks(x *tab) {
	x.Helper()
	stops := script[int](x, markStops)
	if stops == 0 {
		x.Error("there is nothing to reach with the Tab key")
	}
	for i := 0; i < stops; {
		x.do(chromedp.KeyEvent(kb.Tab))
		f := script[focus](x, focused)
		switch {
		case f.Stop < 0 && f.Scrolls && f.What[:5] != "<body":
			continue
		case f.Stop != i:
			want := script[string](x, fmt.Sprintf(`document.querySelector('[data-stop="%d"]').outerHTML.slice(0, 120)`, i))
			x.Fatalf("the Tab key reaches %s and should reach %s", f.What, want)
		case !f.Ring:
			x.Errorf("the focus is not shown on %s", f.What)
		case !f.Seen:
			x.Errorf("the focus is out of sight on %s", f.What)
		}
		i++
	}
}
