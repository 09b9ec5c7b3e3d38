package manifest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/changeguard/changeguard/internal/lazyregexp"
)

// workflowNames are the values of a workflow that an image may be made of: entries of the
// job's matrix and inputs, which have defaults.
var workflowNames = lazyregexp.New(`(?i)\b(matrix|inputs)\s*(?:\.\s*|\[\s*')([A-Za-z_][A-Za-z0-9_-]*)`)

// valuesOf are what an expression may come to, as far as the file says it.
func (w *workflow) valuesOf(expression string) (values []string) {
	if len(expression) > maxSpec {
		return nil
	}
	for _, m := range workflowNames.FindAllStringSubmatch(expression, maxClauses) {
		switch strings.ToLower(m[1]) {
		case "matrix":
			values = append(values, w.matrixValue(m[2]))
		case "inputs":
			values = append(values, w.inputValue(m[2]))
		}
	}
	return sorted(slices.DeleteFunc(values, func(v string) bool { return v == "" }))
}

// matrixValue is what the job's matrix has under a name, in its lists and beside them.
func (w *workflow) matrixValue(name string) string {
	key := "matrix." + name
	if _, known := w.values[key]; known {
		return w.values[key]
	}
	text := ""
	if w.matrix != nil && w.matrix.kind != yamlMap {
		text = w.matrix.String() // computed
	} else if w.matrix != nil {
		if v := valueNamed(w.matrix, name); v != nil {
			text = v.String()
		}
		if more := w.matrix.child("include"); more != nil && more.kind == yamlSeq {
			for _, e := range more.list {
				if v := valueNamed(e, name); v != nil {
					text += " " + v.String()
				}
			}
		} else if more != nil {
			text += " " + more.String()
		}
	}
	w.values[key] = valued(key, text)
	return w.values[key]
}

// valueNamed finds what an expression names: it does not tell capitals from small letters.
func valueNamed(v *yamlValue, name string) *yamlValue {
	if v == nil || v.kind != yamlMap {
		return nil
	}
	for i := range v.keys {
		if strings.EqualFold(v.keys[i].text, name) {
			return v.list[i]
		}
	}
	return nil
}

// inputValue are the defaults of an input, of whoever may start the workflow.
func (w *workflow) inputValue(name string) string {
	key := "inputs." + name
	if _, known := w.inputs[key]; known {
		return w.inputs[key]
	}
	text := ""
	for _, from := range []*yamlValue{w.document.child("on").child("workflow_call"), w.document.child("on").child("workflow_dispatch"), w.document} {
		if v := valueNamed(from.child("inputs"), name).child("default"); v != nil {
			text += " " + v.String()
		}
	}
	w.inputs[key] = valued(key, text)
	return w.inputs[key]
}

// valued is a name with its value, "" without one; a long value is told by its hash.
func valued(name, value string) string {
	text := name + " " + value
	if value == "" {
		return ""
	}
	if len(text) <= maxPathLen {
		return text
	}
	return fmt.Sprintf("%s… with the hash %x", text[:maxQuoteLen], sha256.Sum256([]byte(text)))
}
