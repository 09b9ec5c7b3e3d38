package testset

// A Search is what looks for something in a text, beside the regular expression
// that finds the same; Groups are those that are compared.
type Search struct {
	All    func(text string) [][]int
	Source string
	Groups []int // offsets within a match; nil for all
}

// Searches of every kind.
func Searches() map[string]Search {
	list := map[string]Search{
		"javascript tests":   {jsTests, `(?:^|[^.\w$])((?:describe|context|suite|it|test|specify|fdescribe|fit|xdescribe|xit|xtest)(?:\.(?:only|skip|todo|concurrent|sequential|fails|failing|each|for|skipIf|runIf|shuffle|serial|fixme|describe|parallel))*)\s*([(\x60])`, []int{1, 2, 3, 4, 5}},
		"javascript choices": {func(text string) [][]int { return jsChoices(text, maxTests) }, `\([^()\n]*\?\s*((?:describe|it|test)(?:\.\w+)?\s*:\s*(?:describe|it|test)(?:\.\w+)?)\s*\)\s*(\()`, nil},
		"javascript asserts": {each(jsCalls{}), `\bexpect(?:\.\w+)?\(|\bassert(?:\.\w+)*\(|\.should\b|\b(?:assert|expect|verify|check)[A-Z]\w*\(`, nil},
		"python asserts":     {each(pyCalls{}), `\bassert\b|\b(?:self|cls|\w+)\.(?:assert\w+|fail)\(|\b(?:pytest\.)?(?:raises|warns|fail)\(|\b(?:assert|check|verify|expect|ensure)_\w+\(`, nil},
		"java functions":     {each(javaFunctions), "(?:\\b(?:void|fun|def|[A-Z]\\w*(?:<[^>]*>)?)\\s+)(\\w+|`[^`]*`|\"[^\"]*\")\\s*\\(", nil},
		"csharp functions":   {each(csharpFunctions), `\b(?:void|Task|ValueTask)(?:<[^>]*>)?\s+(\w+)\s*(?:<[^>]*>)?\(`, nil},
	}
	for name, f := range map[string]*finder{"javascript helpers": jsHelper, "ruby tests": rubyTest, "ruby hooks": rubyBefore, "ruby functions": rubyDef} {
		list[name] = Search{each(f), f.re.String(), nil}
	}
	for _, l := range []blockLanguage{rustTests, javaTests, csharpTests, phpTests} {
		for name, s := range map[string]searcher{"tests": l.test, "functions": l.function, "scopes": l.scope, "asserts": l.asserts.call} {
			if f, ok := s.(*finder); ok {
				list[l.source.name+" "+name] = Search{each(f), f.re.String(), nil}
			}
		}
	}
	for _, l := range []lineLanguage{fsharpTests, basicTests} {
		for name, s := range map[string]searcher{"marks": l.mark, "functions": l.function, "asserts": l.asserts.call} {
			switch f := s.(type) {
			case *finder:
				list[l.source.name+" "+name] = Search{each(f), f.re.String(), nil}
			case *lineFinder:
				list[l.source.name+" "+name] = Search{each(f), f.re.String(), nil}
			case *foldFinder:
				list[l.source.name+" "+name] = Search{each(f), f.re.String(), nil}
			}
		}
	}
	return list
}

func each(s searcher) func(string) [][]int {
	return func(text string) [][]int { return s.all(text, -1) }
}

// A Tell tells something of a text, as a regular expression does.
type Tell struct {
	Is     func(text string) bool
	Source string
}

// Tells of every kind.
func Tells() map[string]Tell {
	return map[string]Tell{
		"repeats":     {repeats, `\b(?:parametrize|parameterized|subTest|for|foreach|while|each|each_with_index|times|map|forEach|forall|rstest|test_case|case|given|DataProvider|dataProvider|TestWith|testWith|Theory|InlineData|TestCase\w*|DataRow|MemberData|ParameterizedTest|RepeatedTest|TestFactory|CsvSource|ValueSource|MethodSource)\b`},
		"python weak": {pyAsserts.weak.MatchString, `^(?:assert\s+[^\n=<>!]*?(?:\s+is\s+not\s+None\b[^\n=<>]*)?(?:\n|$)|\w+\.assert(?:True|False|IsNotNone|IsNone|IsInstance|_called)\(|(?:pytest\.)?raises\(\s*(?:Base)?Exception\b|\w+\.assertRaises\(\s*(?:Base)?Exception\b)`},
		"ruby weak":   {rubyAsserts.weak.MatchString, `^(?:expect[^\n]*\b(?:be_truthy|be_falsey|be_nil|be_present)\b|expect[^\n]*\braise_error\s*(?:\n|$|\})|assert\s[^\n,=<>]*(?:\n|$))`},
	}
}
