package testset

import "github.com/changeguard/changeguard/internal/lazyregexp"

// A blockLanguage says how tests look in a language whose functions are in
// braces: something marks the function that follows as a test.
type blockLanguage struct {
	source language
	// test finds a test; its first group is the name, unless the name is what
	// function finds next.
	test     *lazyregexp.Regexp
	function *lazyregexp.Regexp
	skip     *lazyregexp.Regexp // among what marks a function, or a class around it
	inside   *lazyregexp.Regexp // a call in a body that skips the test, or ends it
	scope    *lazyregexp.Regexp // a class or module; its last byte opens its block
	base     *lazyregexp.Regexp // what marks a class that runs as a part of others only
	hidden   *lazyregexp.Regexp // what marks a function that is no test in spite of its name
	comment  *lazyregexp.Regexp // a test's mark that stands in a comment
	setUp    *lazyregexp.Regexp // the name of a function that runs before each test
	asserts  scale
}

var (
	rustTests = blockLanguage{
		source: rust, test: lazyregexp.New(`#\[\s*(?:[\w:]+::)?(?:test|test_case|rstest|quickcheck|wasm_bindgen_test|proptest)\b[^\]]*\]`),
		function: lazyregexp.New(`\bfn\s+(\w+)`), skip: lazyregexp.New(`#\[\s*(?:ignore\b|cfg_attr\([^\]]*\bignore\b|cfg\([^\]]*\bfeature\b|cfg\(\s*any\(\s*\))`),
		scope: lazyregexp.New(`\bmod\s+\w+\s*\{`),
		asserts: scale{
			call: lazyregexp.New(`\b(?:debug_)?(?:assert\w*|panic|unreachable|insta::assert\w*)!|\bshould_panic\b|\b(?:assert|check|verify|expect)_\w+\(`),
			weak: lazyregexp.New(`^(?:assert!\([^=<>]*?\)|should_panic\s*\])`), empty: lazyregexp.New(`^assert!\(\s*true\s*[,)]`),
		},
	}
	javaTests = blockLanguage{
		source: java, test: lazyregexp.New(`@(?:org\.junit\.(?:jupiter\.api\.)?)?(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b|\bpublic\s+void\s+test\w*\s*\(\s*\)`),
		function: lazyregexp.New("(?:\\b(?:void|fun|def|[A-Z]\\w*(?:<[^>]*>)?)\\s+)(\\w+|`[^`]*`|\"[^\"]*\")\\s*\\("), skip: lazyregexp.New(`@(?:Disabled|Ignore|DisabledOn\w+|EnabledIf\w*|DisabledIf\w*)\b|\benabled\s*=\s*false\b`),
		inside: lazyregexp.New(`\bassume(?:True|False|That|NotNull|NoException|ThatCode)\s*\(|\bAssumptions\.abort\(|\bthrow\s+new\s+(?:SkipException|TestAbortedException)\b|^\{\s*(?:if\s*\(\s*true\s*\)\s*\{?\s*)?return\s*;`),
		scope:  lazyregexp.New(`\b(?:class|object|record)\s+\w+[^{};()]*\{`),
		asserts: scale{
			swallow: lazyregexp.New(`\}\s*catch\s*\([^()]*\b(?:AssertionError|AssertionFailedError|Throwable|Error)\b[^()]*\)\s*\{\s*\}`), chain: lazyregexp.New(`^assertThat\s*\(`),
			call: lazyregexp.New(`\b(?:assert\w+|verify\w*|expect\w*|fail|should\w+|check\w+)\s*[({]|\bassert\s`),
			weak: lazyregexp.New(`^(?:(?:assertTrue|assertFalse|assertNotNull|assertNull)\b|assertThrows(?:Exactly)?\(\s*(?:Exception|Throwable|RuntimeException)\.class)`), empty: lazyregexp.New(`^assertTrue\(\s*true\s*\)`),
		},
	}
	csharpTests = blockLanguage{
		source: csharp, test: lazyregexp.New(`\[\s*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod|SkippableFact|SkippableTheory|TestCaseSource)\b[^\]]*\]`),
		function: lazyregexp.New(`\b(?:void|Task|ValueTask)(?:<[^>]*>)?\s+(\w+)\s*(?:<[^>]*>)?\(`), skip: lazyregexp.New(`[\[,]\s*(?:Ignore|Explicit)\b|\bSkip\s*=`),
		inside: lazyregexp.New(`\bAssert\s*\.\s*(?:Ignore|Inconclusive|Skip\w*)\s*\(|\bSkip\.\w+\(|^\{\s*return\s*;`),
		scope:  lazyregexp.New(`\b(?:class|record|struct)\s+\w+[^{};()]*\{`),
		asserts: scale{
			swallow: lazyregexp.New(`\}\s*catch\s*(?:\(\s*(?:System\.)?Exception\b[^()]*\)|)\s*\{\s*\}`),
			call:    lazyregexp.New(`\bAssert\s*\.\s*\w+|\.Should\w*\(|\bVerify\w*\(|\bCollectionAssert\.\w+|\bStringAssert\.\w+`),
			weak:    lazyregexp.New(`^Assert\s*\.\s*(?:True|False|IsTrue|IsFalse|NotNull|IsNotNull|Null|IsNull|(?:Throws(?:Any)?|Catch)(?:Async)?\s*<\s*(?:System\.)?Exception\s*>)\b?`), empty: lazyregexp.New(`^Assert\s*\.\s*(?:True|IsTrue|Pass)\(\s*(?:true)?\s*\)`),
		},
	}
	phpTests = blockLanguage{
		source: php, test: lazyregexp.New(`#\[\s*(?:\\?PHPUnit\\Framework\\Attributes\\)?Test\b[^\]]*\]|\bfunction\s+test\w*|\b(?:it|test)\(\s*['"]`),
		function: lazyregexp.New(`\bfunction\s+(\w+)|\b(?:it|test)\(\s*['"]([^\n]*?)['"]`), skip: lazyregexp.New(`->\s*(?:skip|todo)\w*\(|#\[\s*\\?(?:\w+\\)*Requires\w+\b`),
		inside: lazyregexp.New(`(?:\$this->|self::|static::)(?:markTestSkipped|markTestIncomplete)\(|^\{\s*return\s*;`),
		scope:  lazyregexp.New(`\bclass\s+\w+[^{};()]*\{`), base: lazyregexp.New(`\babstract\b`), hidden: lazyregexp.New(`\b(?:private|protected)\b`),
		comment: lazyregexp.New(`@test\b`), setUp: lazyregexp.New(`^(?:setUp|setUpBeforeClass)$`),
		asserts: scale{
			swallow: lazyregexp.New(`\}\s*catch\s*\(\s*\\?(?:Throwable|Exception|AssertionFailedError|ExpectationFailedException)\b[^()]*\)\s*\{\s*\}`),
			call:    lazyregexp.New(`(?:\$this->|self::|static::|\bAssert::)(?:assert\w+|expect\w+|fail)\(|\bexpect\(|->assert\w+\(|->shouldHave\w+\(`),
			weak:    lazyregexp.New(`^(?:\$this->|self::|static::|Assert::)(?:assertTrue|assertFalse|assertNotNull|assertNull|assertNotEmpty)\(|^(?:\$this->|self::|static::)expectException\(\s*\\?(?:Throwable|Exception)::class`), empty: lazyregexp.New(`^(?:\$this->|self::|static::|Assert::)(?:assertTrue\(\s*true\s*\)|expectNotToPerformAssertions\()`),
		},
	}
)
