package queue

import "errors"

// Waits reports whether an error of a handler asks for another run at a time.
func Waits(err error) bool {
	var later *laterError
	return errors.As(err, &later)
}
