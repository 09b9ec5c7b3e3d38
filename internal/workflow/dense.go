package workflow

import "fmt"

// The bounds of what is YAML in a file that is given to the library, which takes
// a microsecond and a hundred bytes for each: what people and generators write has
// a sign in twenty or more bytes, and small files may have as many as they like.
const (
	freeSigns = 20_000
	eachSign  = 20 // bytes, beyond those
)

// weights are what a sign costs. The marks of a name lead to a token each, with all
// before it kept.
var weights = [256]byte{'\'': 1, '"': 1, ':': 1, '?': 1, ',': 1, '[': 1, ']': 1, '{': 1, '}': 1, '|': 1, '>': 1, '&': 4, '*': 4, '!': 4}

// TooDense is an error for a text of which so much is YAML that no file of a
// repository looks like it and reading it would take seconds.
func TooDense(data []byte) error {
	signs := 0
	for _, c := range data {
		signs += int(weights[c])
	}
	if signs > freeSigns+len(data)/eachSign {
		return fmt.Errorf("%d signs of YAML in %d bytes: no file that is written is so dense", signs, len(data))
	}
	return nil
}
