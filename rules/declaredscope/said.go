package declaredscope

// Said is the part of a title or subject that promises only words by the default
// types, "" when it promises more or nothing.
func Said(title string) string { return wordsOnly(title, defaultTypes) }
