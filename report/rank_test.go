package report_test

import (
	"strings"
	"testing"

	"github.com/changeguard/changeguard/report"
)

func TestRankInWords(t *testing.T) {
	t.Parallel()
	for r, want := range map[report.Rank]string{
		{}:                    "",
		{Below: 19, Of: 19}:   "",
		{Below: 0, Of: 20}:    "riskier than 0 % of the last 20 changes here",
		{Below: 440, Of: 500}: "riskier than 88 % of the last 500 changes here",
		{Below: 499, Of: 500}: "riskier than 99 % of the last 500 changes here",
		{Below: 500, Of: 500}: "riskier than 100 % of the last 500 changes here",
	} {
		if got := r.String(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
	}
}

// A check run says the rank; that it is another one makes no other run.
func TestCheckRunSaysTheRank(t *testing.T) {
	t.Parallel()
	v := sample()
	plain, ranked := report.NewCheckRun(v, ""), report.NewRankedCheckRun(v, "", report.Rank{Below: 440, Of: 500})
	if !strings.Contains(ranked.Summary, "\nRisk: riskier than 88 % of the last 500 changes here.\n") || strings.Contains(plain.Summary, "riskier") {
		t.Errorf("%s", ranked.Summary)
	}
	if plain.ExternalID != ranked.ExternalID || plain.Title != ranked.Title || plain.Conclusion != ranked.Conclusion {
		t.Error("the rank changes more than the summary")
	}
}
