package change

// CosmeticApart is Cosmetic, reading both sides from end to end.
func CosmeticApart(path string, before, after []byte) bool {
	s, ok := newSides(path, before, after)
	s.try = -1
	return ok && s.same()
}
