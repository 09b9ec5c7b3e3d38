package testset

import "strings"

// repeatWords make assertions for many cases.
var repeatWords = map[string]bool{
	"parametrize": true, "parameterized": true, "subTest": true, "for": true, "foreach": true, "while": true, "each": true, "each_with_index": true, "times": true, "map": true, "forEach": true,
	"forall": true, "rstest": true, "test_case": true, "case": true, "given": true, "DataProvider": true, "dataProvider": true, "TestWith": true, "testWith": true, "Theory": true, "InlineData": true,
	"DataRow": true, "MemberData": true, "ParameterizedTest": true, "RepeatedTest": true, "TestFactory": true, "CsvSource": true, "ValueSource": true, "MethodSource": true,
}

// repeats reports whether code has a word that makes assertions for many cases.
func repeats(code string) bool {
	for at := 0; at < len(code); at++ {
		if !asciiWord(code[at]) {
			continue
		}
		end := wordEnd(code, at)
		if word := code[at:end]; repeatWords[word] || strings.HasPrefix(word, "TestCase") {
			return true
		}
		at = end
	}
	return false
}
