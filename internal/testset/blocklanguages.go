package testset

import "github.com/changeguard/changeguard/internal/lazyregexp"

// A blockLanguage says how tests look in a language whose functions are in
// braces: something marks the function that follows as a test.
type blockLanguage struct {
	source language
	// test finds a test; its first group is the name, unless the name is what
	// function finds next.
	test     searcher
	function searcher
	skip     matcher            // among what marks a function, or a class around it
	inside   matcher            // a call in a body that skips the test, or ends it
	scope    searcher           // a class or module; its last byte opens its block
	base     matcher            // what marks a class that runs as a part of others only
	hidden   matcher            // what marks a function that is no test in spite of its name
	comment  searcher           // a test's mark that stands in a comment
	setUp    *lazyregexp.Regexp // the name of a function that runs before each test
	asserts  scale
}

var (
	rustTests = blockLanguage{
		source: rust, test: findAt(lazyregexp.New(`#\[\s*(?:[\w:]+::)?(?:test|test_case|rstest|quickcheck|wasm_bindgen_test|proptest)\b[^\]]*\]`), start{text: "#[", stop: "]"}),
		function: find(lazyregexp.New(`\bfn\s+(\w+)`), `\bfn`), skip: gated(lazyregexp.New(`#\[\s*(?:ignore\b|cfg_attr\([^\]]*\bignore\b|cfg\([^\]]*\bfeature\b|cfg\(\s*any\(\s*\))`), `#[`),
		inside: gated(lazyregexp.New(`^\{\s*return\s*;`), `return`),
		scope:  find(lazyregexp.New(`\bmod\s+\w+\s*\{`), `\bmod`),
		asserts: scale{
			call: find(lazyregexp.New(`\b(?:debug_)?(?:assert\w*|panic|unreachable|insta::assert\w*)!|\bshould_panic\b|\b(?:assert|check|verify|expect)_\w+\(`), `\bdebug_`, `\bassert`, `\bpanic!`, `\bunreachable!`, `\binsta::assert`, `\bshould_panic`, `\bcheck_`, `\bverify_`, `\bexpect_`),
			weak: lazyregexp.New(`^(?:assert!\([^=<>]*?\)|should_panic\s*\])`), empty: lazyregexp.New(`^assert!\(\s*true\s*[,)]`),
		},
	}
	javaTests = blockLanguage{
		source: java, test: find(lazyregexp.New(`@(?:org\.junit\.(?:jupiter\.api\.)?)?(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b|\bpublic\s+void\s+test\w*\s*\(\s*\)`), `@Test`, `@ParameterizedTest`, `@RepeatedTest`, `@Property`, `@org.junit.`, `\bpublic`),
		function: javaFunctions, skip: gated(lazyregexp.New(`@(?:Disabled|Ignore|DisabledOn\w+|EnabledIf\w*|DisabledIf\w*)\b|\benabled\s*=\s*false\b`), `@`, `enabled`),
		inside: gated(lazyregexp.New(`\bassume(?:True|False|That|NotNull|NoException|ThatCode)\s*\(|\bAssumptions\.abort\(|\bthrow\s+new\s+(?:SkipException|TestAbortedException)\b|^\{\s*(?:if\s*\(\s*true\s*\)\s*\{?\s*)?return\s*;`), `assume`, `abort`, `Exception`, `return`),
		scope:  find(lazyregexp.New(`\b(?:class|object|record)\s+\w+[^{};()]*\{`), `\bclass`, `\bobject`, `\brecord`).stopAt("{};()"),
		asserts: scale{
			swallow: caught(lazyregexp.New(`^\}\s*catch\s*\([^()]*\b(?:AssertionError|AssertionFailedError|Throwable|Error)\b[^()]*\)\s*\{\s*\}`)), chain: lazyregexp.New(`^assertThat\s*\(`),
			call: find(lazyregexp.New(`\b(?:assert\w+|verify\w*|expect\w*|fail|should\w+|check\w+)\s*[({]|\bassert\s`), `\bassert`, `\bverify`, `\bexpect`, `\bfail`, `\bshould`, `\bcheck`),
			weak: lazyregexp.New(`^(?:(?:assertTrue|assertFalse|assertNotNull|assertNull)\b|assertThrows(?:Exactly)?\(\s*(?:Exception|Throwable|RuntimeException)\.class)`), empty: lazyregexp.New(`^assertTrue\(\s*true\s*\)`),
		},
	}
	csharpTests = blockLanguage{
		source: csharp, test: findAt(lazyregexp.New(`\[\s*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod|SkippableFact|SkippableTheory|TestCaseSource)\b[^\]]*\]`), start{text: "[", then: "FTDS", stop: "]"}),
		function: csharpFunctions, skip: gated(lazyregexp.New(`[\[,]\s*(?:Ignore|Explicit)\b|\bSkip\s*=`), `Ignore`, `Explicit`, `Skip`),
		inside: gated(lazyregexp.New(`\bAssert\s*\.\s*(?:Ignore|Inconclusive|Skip\w*)\s*\(|\bSkip\.\w+\(|^\{\s*return\s*;`), `Assert`, `Skip`, `return`),
		scope:  find(lazyregexp.New(`\b(?:class|record|struct)\s+\w+[^{};()]*\{`), `\bclass`, `\brecord`, `\bstruct`).stopAt("{};()"),
		asserts: scale{
			swallow: caught(lazyregexp.New(`^\}\s*catch\s*(?:\(\s*(?:System\.)?Exception\b[^()]*\)|)\s*\{\s*\}`)),
			call:    find(lazyregexp.New(`\bAssert\s*\.\s*\w+|\.Should\w*\(|\bVerify\w*\(|\bCollectionAssert\.\w+|\bStringAssert\.\w+`), `\bAssert`, `.Should`, `\bVerify`, `\bCollectionAssert.`, `\bStringAssert.`),
			weak:    lazyregexp.New(`^Assert\s*\.\s*(?:True|False|IsTrue|IsFalse|NotNull|IsNotNull|Null|IsNull|(?:Throws(?:Any)?|Catch)(?:Async)?\s*<\s*(?:System\.)?Exception\s*>)\b?`), empty: lazyregexp.New(`^Assert\s*\.\s*(?:True|IsTrue|Pass)\(\s*(?:true)?\s*\)`),
		},
	}
	phpTests = blockLanguage{
		source: php, test: findAt(lazyregexp.New(`#\[\s*(?:\\?PHPUnit\\Framework\\Attributes\\)?Test\b[^\]]*\]|\bfunction\s+test\w*|\b(?:it|test)\(\s*['"]`), start{text: "#[", then: `\PT`, stop: "]"}, start{text: "function", word: true, then: "t"}, start{text: "it(", word: true}, start{text: "test(", word: true}),
		function: find(lazyregexp.New(`\bfunction\s+(\w+)|\b(?:it|test)\(\s*['"]([^\n]*?)['"]`), `\bfunction`, `\bit(`, `\btest(`), skip: gated(lazyregexp.New(`->\s*(?:skip|todo)\w*\(|#\[\s*\\?(?:\w+\\)*Requires\w+\b`), `skip`, `todo`, `Requires`),
		inside: gated(lazyregexp.New(`(?:\$this->|self::|static::)(?:markTestSkipped|markTestIncomplete)\(|^\{\s*return\s*;`), `markTest`, `return`),
		scope:  find(lazyregexp.New(`\bclass\s+\w+[^{};()]*\{`), `\bclass`).stopAt("{};()"), base: gated(lazyregexp.New(`\babstract\b`), `abstract`), hidden: gated(lazyregexp.New(`\b(?:private|protected)\b`), `private`, `protected`),
		comment: find(lazyregexp.New(`@test\b`), `@test`), setUp: lazyregexp.New(`^(?:setUp|setUpBeforeClass)$`),
		asserts: scale{
			swallow: caught(lazyregexp.New(`^\}\s*catch\s*\(\s*\\?(?:Throwable|Exception|AssertionFailedError|ExpectationFailedException)\b[^()]*\)\s*\{\s*\}`)),
			call:    find(lazyregexp.New(`(?:\$this->|self::|static::|\bAssert::)(?:assert\w+|expect\w+|fail)\(|\bexpect\(|->assert\w+\(|->shouldHave\w+\(`), `$this->`, `self::`, `static::`, `\bAssert::`, `\bexpect(`, `->assert`, `->shouldHave`),
			weak:    gated(lazyregexp.New(`^(?:\$this->|self::|static::|Assert::)(?:assertTrue|assertFalse|assertNotNull|assertNull|assertNotEmpty)\(|^(?:\$this->|self::|static::)expectException\(\s*\\?(?:Throwable|Exception)::class`), `assert`, `expectException`), empty: gated(lazyregexp.New(`^(?:\$this->|self::|static::|Assert::)(?:assertTrue\(\s*true\s*\)|expectNotToPerformAssertions\()`), `assertTrue`, `expectNot`),
		},
	}
)
