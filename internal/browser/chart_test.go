package browser_test

import "testing"

// contrasts are how the three sorts of bars stand out from what is behind them,
// and what passed from what was stopped, as WCAG measures it.
const contrasts = `(() => {
	const light = c => c.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05) };
	const back = getComputedStyle(document.body).backgroundColor;
	const fill = c => getComputedStyle(document.querySelector('.chart .' + c + ':not([height="0"])')).fill;
	return [ratio(fill('pass'), back), ratio(fill('approve'), back), ratio(fill('fail'), back), ratio(fill('pass'), fill('fail'))];
})()`

// The chart is read in both themes, also by those who do not tell red from green:
// each sort stands out from the page (WCAG 1.4.11), and what was stopped is darker
// than what passed.
func TestChartIsReadInBothThemes(t *testing.T) {
	p := shop(t)
	x := openTab(t)
	p.signIn(x, "ann")
	for _, scheme := range []string{"light", "dark"} {
		x.scheme(scheme)
		c := script[[]float64](x, contrasts)
		if c[0] < 3 || c[1] < 3 || c[2] < 3 || c[3] < 1.5 {
			t.Errorf("%s: contrasts %.2f", scheme, c)
		}
		x.wide(360)
		if small := script[float64](x, `document.querySelector('.chart').getBoundingClientRect().height`); small < 100 {
			t.Errorf("on a phone the chart is %.0f pixels high", small)
		}
		x.wide(1280)
	}
}
