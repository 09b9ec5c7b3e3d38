package testset_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/changeguard/changeguard/internal/testset"
)

// shapes are hostile sources of every kind: one byte, nested openers, words
// without an end, many tests, many helpers, and what almost begins a test.
var shapes = []string{
	"(", "{", "\"", "'", "/", "/*", "#", "\n", "\\", "a", "a ", "a(", "@a\n", "=> ", "é", "function a(", "} catch ", "it(", "test a ", "expect(", "assert(a, ", "assert ",
	"def test_%d():\n    assert f(%d) == 1\n", "it('a%d', () => { expect(f(%d)).toBe(1) })\n", "describe('a', () => { X })", "const h%d = () => { X }",
	"#[test] fn a%d() { assert_eq!(1, %d); }\n", "@Test void a%d() { assertEquals(1, %d); }\n", "[Fact] public void A%d() { Assert.Equal(1, %d); }\n", "[<Fact>]\nlet a%d () =\n    Assert.Equal(1, %d)\n",
	"<Fact>\nPublic Sub A%d()\n    Assert.Equal(1, %d)\nEnd Sub\n", "/** @test */ public function a%d() { $this->assertSame(1, %d); }\n", "it 'a%d' do\n  expect(%d).to eq 1\nend\n", "func TestA%d(t *testing.T) { if f() != %d { t.Fatal() } }\n",
}

// BenchmarkReaders measures the processor time of every reader for 1 MiB of every
// shape, and reports the worst of them and their mean.
func BenchmarkReaders(b *testing.B) {
	for runner, file := range sources {
		name, _, _ := strings.Cut(runner, " ")
		b.Run(runner, func(b *testing.B) {
			for b.Loop() {
				var all []float64
				var table strings.Builder
				for _, shape := range shapes {
					data := piece(shape, 1<<20)
					runtime.GC()
					ms := float64(took(1, func() { testset.Tests(name, file, data) }).Microseconds()) / 1000
					all = append(all, ms)
					fmt.Fprintf(&table, "\n%-12s %-42.40s %6.0f ms", runner, fmt.Sprintf("%q", shape), ms)
				}
				sum := 0.0
				for _, ms := range all {
					sum += ms
				}
				b.ReportMetric(slices.Max(all), "max-cpu-ms/MiB")
				b.ReportMetric(sum/float64(len(all)), "mean-cpu-ms/MiB")
				fmt.Println(table.String())
			}
		})
	}
}
