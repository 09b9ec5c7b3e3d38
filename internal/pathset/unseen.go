package pathset

// Unseen reports whether a character is one that makes a path [Unreadable]
// wherever it stands: a control, bidirectional, invisible or private one.
func Unseen(r rune) bool { return unreadable(r) != "" }
