package change

// CosmeticApart is Cosmetic, reading both sides from end to end.
func CosmeticApart(path string, before, after []byte) bool {
	s, ok := newSides(path, before, after)
	s.try = -1
	return ok && s.same()
}

// JudgedByNews is what is found out of two sides before they are read; wholly, it
// is looked for in all of the second, too.
func JudgedByNews(path string, before, after []byte, wholly bool) (asked, ok bool) {
	lang := languageOf(path)
	if !wholly {
		return judged(lang, before, after)
	}
	refuse := refusals[lang]
	if !readable(before) || !readable(after) || refuse != nil && (!refuse(before) || !refuse(after)) {
		return false, false
	}
	return asksLine(lang, before) || asksLine(lang, after), true
}
