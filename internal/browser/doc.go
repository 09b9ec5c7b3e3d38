// Package browser tries the pages in a real browser: the real server against
// internal/ghfake, which plays GitHub's pages too, in headless Chromium driven by
// chromedp.
//
// It is a module of its own, so that what drives a browser is in no go.mod of the
// program. From this folder:
//
//	go test ./...
//	CHANGEGUARD_SCREENSHOTS=../../docs/images go test -run Pictures ./...
//
// There is one browser for all cases, and each has a context of its own in it:
// cookies and cache are nobody else's.
package browser
