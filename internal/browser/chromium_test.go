package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a case may take on a loaded machine.
const patience = 4 * time.Minute

// chromium is the one browser, and how it is ended.
var chromium struct {
	sync.Mutex
	ctx context.Context
	end func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.end != nil {
		chromium.end()
	}
	os.Exit(code)
}

// leftOut says what is not tested. Where CI is set that is a failure.
func leftOut(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("CI is set, and %s", why)
	}
	t.Skipf("left out: %s", why)
}

// started is the browser, which the first case starts.
func started(t *testing.T) context.Context {
	t.Helper()
	chromium.Lock()
	defer chromium.Unlock()
	if chromium.ctx != nil {
		return chromium.ctx
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		leftOut(t, "there is no Chromium (Debian's package chromium)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("disable-dev-shm-usage", true))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		t.Fatalf("start %s: %v", path, err)
	}
	chromium.ctx, chromium.end = ctx, func() { cancel(); stop() }
	return ctx
}

// A tab is a page in a context of its own, with all that went wrong in it.
type tab struct {
	*testing.T
	*happened
	ctx context.Context
}

// happened is what the browser told of a page.
type happened struct {
	mu       sync.Mutex
	wrong    []string // errors of the console, refusals of the policy, dialogs
	asked    map[network.RequestID]string
	bytes    map[string]float64 // by address, since the last visit
	statuses map[string]int64   // of documents
}

// openTab opens a page that lives as long as the case.
func openTab(t *testing.T) *tab {
	t.Helper()
	h := &happened{asked: make(map[network.RequestID]string), bytes: make(map[string]float64), statuses: make(map[string]int64)}
	ctx, closed := chromedp.NewContext(started(t), chromedp.WithNewBrowserContext(), chromedp.WithListener(h.listen))
	t.Cleanup(func() {
		for _, wrong := range h.troubles() {
			t.Errorf("in the browser: %s", wrong)
		}
		closed()
	})
	if err := chromedp.Do(ctx); err != nil { // without a limit: it would be that of the page
		t.Fatal(err)
	}
	limited, expire := context.WithTimeout(ctx, patience)
	t.Cleanup(expire)
	x := &tab{t, h, limited}
	command(x, network.Enable, network.EnableParams{})
	command(x, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	return x
}

// command tells the browser something for which there is no action.
func command[P any](x *tab, c cdp.Command[P, cdp.Empty], params P) {
	x.Helper()
	x.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	}))
}

// in is the same page for a case within the case.
func (x *tab) in(t *testing.T) *tab { return &tab{t, x.happened, x.ctx} }

func (x *happened) listen(event any) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		x.wrong = append(x.wrong, "an exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" {
			x.wrong = append(x.wrong, fmt.Sprintf("console: %v", e.Args))
		}
	case *log.EventEntryAdded:
		// Answers that are no success are what some cases want; they look at
		// the status themselves.
		if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.Text, "the server responded with a status of") {
			x.wrong = append(x.wrong, e.Entry.Text)
		}
	case *page.EventJavascriptDialogOpening:
		x.wrong = append(x.wrong, "a dialog: "+e.Message)
	case *network.EventRequestWillBeSent:
		x.asked[e.RequestID] = e.Request.URL
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument {
			x.statuses[e.Response.URL] = e.Response.Status
		}
	case *network.EventLoadingFinished:
		x.bytes[x.asked[e.RequestID]] += e.EncodedDataLength
	}
}

func (x *happened) troubles() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]string(nil), x.wrong...)
}

// do runs actions, and ends the case where one fails.
func (x *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	x.Helper()
	if err := chromedp.Do(x.ctx, actions...); err != nil {
		x.Fatalf("at %s: %v", x.where(), err)
	}
}

// where is the address of the page, for messages.
func (x *tab) where() string {
	at, err := chromedp.Run(x.ctx, chromedp.Location())
	if err != nil {
		return "an address that is not known"
	}
	return at
}

// visit opens an address, and counts anew.
func (x *tab) visit(address string) {
	x.Helper()
	x.mu.Lock()
	clear(x.bytes)
	x.mu.Unlock()
	x.do(chromedp.Navigate(address))
}

// status is how the document of an address was answered last.
func (x *happened) status(address string) int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.statuses[address]
}

// loaded are the bytes of all that the last visit loaded, with what was loaded.
func (x *happened) loaded() (all float64, what map[string]float64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	what = make(map[string]float64)
	for address, n := range x.bytes {
		what[address] = n
		all += n
	}
	return all, what
}

// text is what a reader sees.
func (x *tab) text() string { x.Helper(); return script[string](x, `document.body.innerText`) }

func (x *tab) sees(texts ...string) {
	x.Helper()
	have := x.text()
	for _, want := range texts {
		if !strings.Contains(have, want) {
			x.Fatalf("%s does not show %q:\n%s", x.where(), want, have)
		}
	}
}

// press clicks what a selector names, and waits for the page that comes.
func (x *tab) press(selector string) {
	x.Helper()
	if _, err := chromedp.RunResponse(x.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		x.Fatalf("press %s at %s: %v", selector, x.where(), err)
	}
}

// script is an expression's value in the page.
func script[T any](x *tab, expression string) T {
	x.Helper()
	v, err := chromedp.Run(x.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		x.Fatalf("at %s: %v", x.where(), err)
	}
	return v
}

// wide sets the window's width in pixels.
func (x *tab) wide(width int64) { x.Helper(); x.do(chromedp.EmulateViewport(width, 900)) }

// scheme is "light" or "dark".
func (x *tab) scheme(scheme string) {
	x.Helper()
	command(x, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}
