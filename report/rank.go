package report

import "fmt"

// A Rank says how a change's risk score compares with those of the last changes of
// its repository. It is no part of the verdict: what was judged before is no input
// of it, and the same change must give the same bytes whenever it is judged. So it
// is asked for only when a verdict is shown.
type Rank struct {
	Below int // how many of them have a lower score
	Of    int // how many they are
}

// leastCompared is how many changes a rank needs to say anything.
const leastCompared = 20

// String words the rank, "" where too little is known. It is a share of what was
// seen and no probability; it is rounded down, so that nothing is riskier than all
// without being so.
func (r Rank) String() string {
	if r.Of < leastCompared {
		return ""
	}
	return fmt.Sprintf("riskier than %d %% of the last %d changes here", 100*r.Below/r.Of, r.Of)
}
