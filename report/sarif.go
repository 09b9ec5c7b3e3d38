package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/changeguard/changeguard/policy"
	"github.com/changeguard/changeguard/verdict"
)

// sarifSchema names the format, version 2.1.0 of OASIS.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// maxResults is how many results GitHub takes of one run.
const maxResults = 25_000

// SARIF is the verdict as SARIF 2.1.0, for code scanning and editors: a result
// a finding, worst first. What is lifted is a suppressed result; what could not
// be judged makes the run unsuccessful and is said in its notifications. The
// same verdict gives the same bytes.
func SARIF(v *verdict.Verdict) ([]byte, error) {
	name, version, _ := strings.Cut(v.Engine, " ")
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: name, Version: version, Rules: []sarifRule{}}},
		Details:     sarifAutomation{ID: name + "/"},
		Invocations: []sarifInvocation{{Successful: v.Outcome != verdict.Incomplete}},
		Results:     []sarifResult{},
		ColumnKind:  "utf16CodeUnits",
		Properties:  map[string]any{"verdict": v.ID, "outcome": v.Outcome, "observed": v.Observed, "head": v.Head, "mergeBase": v.MergeBase},
	}
	index := make(map[string]int)
	for _, f := range v.Findings[:min(len(v.Findings), maxResults)] {
		id := f.Kind + "/" + f.Rule
		at, ok := index[id]
		if !ok {
			at = len(run.Tool.Driver.Rules)
			index[id] = at
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, newSARIFRule(id, f))
		}
		run.Results = append(run.Results, newSARIFResult(v, f, id, at))
	}
	run.Invocations[0].Notifications = notifications(v)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}}); err != nil {
		return nil, fmt.Errorf("write the verdict as SARIF: %w", err)
	}
	return b.Bytes(), nil
}

func notifications(v *verdict.Verdict) []sarifNotification {
	var list []sarifNotification
	for _, m := range v.Missing {
		list = append(list, sarifNotification{Level: "error", Message: sarifText(strings.TrimSpace(m.What + ". " + m.Remedy))})
	}
	if more := len(v.Findings) - maxResults; more > 0 {
		list = append(list, sarifNotification{Level: "error", Message: sarifText(fmt.Sprintf("%d further findings are left out; the JSON of the verdict has all", more))})
	}
	return list
}

// newSARIFResult is one finding. What concerns the change as a whole is placed
// at the policy that asks for it, and what concerns a whole file at its first line,
// since code scanning wants a place and a line of every result.
func newSARIFResult(v *verdict.Verdict, f verdict.Finding, rule string, index int) sarifResult {
	text := f.Message
	if f.LiftedBy == nil && f.Remedy != "" {
		text += " To undo: " + f.Remedy
	}
	r := sarifResult{
		RuleID: rule, RuleIndex: index, Level: sarifLevel(v, f), Message: sarifText(text),
		Locations:    []sarifLocation{{Physical: sarifPhysical{Artifact: sarifArtifact{URI: policy.Path, Base: "%SRCROOT%"}, Region: sarifRegion{Start: 1, End: 1}}}},
		Fingerprints: map[string]string{"primaryLocationLineHash": f.ID + ":1", "changeguardFinding/v1": f.ID},
	}
	if at := &r.Locations[0].Physical; f.Path != "" {
		at.Artifact.URI = sarifURI(f.Path)
		if f.Line > 0 {
			at.Region = sarifRegion{Start: f.Line, End: max(f.Line, f.EndLine)}
		}
	}
	if f.LiftedBy != nil {
		r.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: Visible(Lifters(f))}}
	}
	return r
}

// sarifLevel follows the annotations of a check run.
func sarifLevel(v *verdict.Verdict, f verdict.Finding) string {
	return map[string]string{"failure": "error", "warning": "warning", "notice": "note"}[annotationLevel(v, f)]
}

// sarifURI is a path as a relative address, whatever its bytes.
func sarifURI(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), ":", "%3A")
	}
	return strings.Join(parts, "/")
}

// sarifText is text without links: a message may hold them as [text](target).
func sarifText(s string) sarifMessage {
	return sarifMessage{strings.ReplaceAll(Visible(s), "](", "] (")}
}

// The parts of the format that are used.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Details     sarifAutomation   `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		ColumnKind  string            `json:"columnKind"`
		Properties  map[string]any    `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifMessage       `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	sarifRegion struct {
		Start int `json:"startLine"`
		End   int `json:"endLine"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

// Formats are the forms in which a verdict is written to a terminal or a file.
func Formats() []string { return []string{"text", "json", "markdown", "sarif"} }
