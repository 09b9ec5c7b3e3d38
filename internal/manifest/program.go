package manifest

// A program is a manifest that is one, split into its words.
type program struct {
	language *codeLanguage
	text     string
	tokens   []codeToken
	sure     bool // nothing in it could be read in two ways
}
