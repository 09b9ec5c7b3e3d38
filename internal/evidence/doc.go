// Package evidence sums up test reports.
//
// # The model
//
// A [Summary] is what is sent of a test run: how many tests, how many of them
// failed or were skipped, and the same for each named suite; no names of tests
// and no output, which may be private. It is made from JUnit's XML, of which
// every runner writes a dialect of its own.
//
// What is read comes from a build and is hostile: it is bounded in size, depth
// and number of names, read once in linear time, and no entity or document type
// is ever followed. What cannot be read is an error, never zero tests.
package evidence
