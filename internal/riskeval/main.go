// Riskeval measures what the risk score's table of size and shape can tell, on
// changes whose later fixes are known:
//
//	go run ./internal/riskeval DIR
//
// DIR holds one file a project, NAME.csv or NAME.csv.gz, with a row a change,
// oldest first, and at least the columns bug (1 when a later fix mended lines of
// this change), la and ld (lines added and deleted), nf (files) and fix (1 when
// it names a tracked issue). Only the newest fifth of each file is judged, since
// the table was fitted on older changes. It prints, per project and as their
// mean, for the table and for sorting by lines added alone:
//
//   - AUC: how often a change that was mended later ranks above one that was not;
//   - recall: the share of mended changes among the 20 % with the most points;
//   - equal size: the AUC among changes of the same decile of lines added, which
//     is what a score knows beyond size.
//
// Ties count half, at the edge of the 20 % by their share. With -whole all rows of
// each file are judged, for files that hold the newest fifth alone.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("riskeval", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: riskeval [-whole] DIR, a folder of NAME.csv or NAME.csv.gz, a project each")
	}
	whole := flags.Bool("whole", false, "judge all rows, not the newest fifth")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	from := newestFifth
	if *whole {
		from = 0
	}
	projects, err := readAll(os.DirFS(flags.Arg(0)), from)
	if err != nil {
		fmt.Fprintf(stderr, "riskeval: %s: %v\n", flags.Arg(0), err)
		return 2
	}
	if _, err := io.WriteString(stdout, table(projects)); err != nil {
		fmt.Fprintf(stderr, "riskeval: %v\n", err)
		return 1
	}
	return 0
}
