package workflows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
	"github.com/changeguard/changeguard/internal/workflow"
)

const selfHosted = "self-hosted"

var (
	// hosted are the labels of GitHub's own images. A larger runner has a name that its
	// owner chose, and looks like any other machine.
	hosted    = lazyregexp.New(`^(?:ubuntu|windows|macos)-(?:latest|slim|\d+(?:\.\d+)?(?:-vs\d+)?)(?:-(?:arm|arm64|large|xlarge|intel))?$`)
	matrixKey = lazyregexp.New(`(?i)\bmatrix\s*(?:\.\s*([\w-]+)|\[\s*'([^']*)'\s*\])`)
	onlyKey   = lazyregexp.New(`(?i)\$\{\{\s*matrix\s*(?:\.\s*([\w-]+)|\[\s*'([^']*)'\s*\])\s*\}\}`)
	chosenOf  = lazyregexp.New(`(?:&&|\|\|)\s*'([^']*)'`)
	listed    = lazyregexp.New(`(?i)\bfromjson\(\s*'([^']*)'\s*\)`)
	quotedIn  = lazyregexp.New(`"([^"]*)"`)
)

// runner finds a job on a machine that is none of GitHub's.
func (c *collector) runner(v, matrix *workflow.Value) {
	if v == nil {
		return
	}
	labels := v.Strings()
	if v.Kind == workflow.Mapping {
		labels = v.Get("labels").Strings()
		if group := v.Get("group"); group != nil {
			c.own(v.Line, "the group "+strings.Join(group.Strings(), ", "), group.Strings())
			return
		}
	}
	for _, l := range labels {
		for _, one := range resolved(l, matrix) {
			if one = strings.TrimSpace(one); one != "" && !hosted.MatchString(strings.ToLower(one)) {
				c.own(v.Line, strings.Join(labels, ", "), append(slices.Clone(labels), one))
				return
			}
		}
	}
}

// own is such a job. One that moves from one such machine to another is no more than
// it was.
func (c *collector) own(line int, shown string, labels []string) {
	message := fmt.Sprintf("A job runs on %s now, which is none of GitHub's hosted images: what one run leaves behind, the next one may meet, and the machine may be within your network.", shown)
	for _, l := range labels {
		if strings.Contains(strings.ToLower(l), selfHosted) {
			message = "A job runs on a runner of your own now: what one run leaves behind, the next one meets, and it is within your network."
		}
	}
	c.add(fact{
		key: selfHosted, allow: selfHosted, also: labels, line: line, shown: "runs-on: " + shown, message: message,
		remedy: "Use a hosted runner, or one that is thrown away after each job and never runs changes from forks.",
	})
}

// resolved are the labels that a text may come to, as far as the file tells.
func resolved(label string, matrix *workflow.Value) []string {
	if !strings.Contains(label, "${{") {
		return []string{label}
	}
	var may []string
	if m := onlyKey.FindStringSubmatchIndex(label); m != nil {
		key := ""
		for g := 2; g <= 4; g += 2 {
			if m[g] >= 0 {
				key = label[m[g]:m[g+1]]
			}
		}
		for _, value := range valuesOf(matrix, key) {
			if one := label[:m[0]] + value + label[m[1]:]; !strings.Contains(one, "${{") {
				may = append(may, one)
			}
		}
		return may
	}
	for _, m := range chosenOf.FindAllStringSubmatch(label, 20) {
		may = append(may, m[1])
	}
	for _, m := range listed.FindAllStringSubmatch(label, 20) {
		for _, q := range quotedIn.FindAllStringSubmatch(m[1], 20) {
			may = append(may, q[1])
		}
	}
	if strings.Contains(strings.ToLower(label), selfHosted) || chosen(label, matrix) {
		may = append(may, selfHosted)
	}
	return may
}

// valuesOf are the texts that a key of a matrix takes.
func valuesOf(matrix *workflow.Value, key string) []string {
	var values []string
	for _, v := range append(include(matrix), matrix) {
		v.Get(key).Walk(func(_ string, one *workflow.Value) {
			if one.Kind == workflow.Scalar && len(values) < 1000 {
				values = append(values, one.Text)
			}
		})
	}
	return values
}

// chosen reports whether an expression takes a runner of one's own from the matrix.
func chosen(label string, matrix *workflow.Value) bool {
	for _, m := range matrixKey.FindAllStringSubmatch(label, 10) {
		for _, v := range valuesOf(matrix, m[1]+m[2]) {
			if strings.Contains(strings.ToLower(v), selfHosted) {
				return true
			}
		}
	}
	return false
}

func include(matrix *workflow.Value) []*workflow.Value {
	if list := matrix.Get("include"); list != nil {
		return slices.Clone(list.List)
	}
	return nil
}
