package testset

// matchBrackets is where each opening bracket of masked code is closed.
func matchBrackets(code string) map[int]int {
	ends := make(map[int]int)
	var open []int
	for i := range len(code) {
		switch code[i] {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if n := len(open); n > 0 {
				ends[open[n-1]] = i
				open = open[:n-1]
			}
		}
	}
	return ends
}
