package ghfake

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"
)

// What GitHub takes of a check run.
const (
	maxAnnotations = 50    // of one request
	maxOutput      = 65535 // characters as documented, and bytes as found out by others
	maxActions     = 3
	maxLabel       = 20
	maxDescription = 40
	maxIdentifier  = 20
	maxMessage     = 64 << 10
	maxTitle       = 255 // of an annotation
)

var (
	conclusions = []string{"action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"}
	runStatuses = []string{"queued", "in_progress", "completed"}
	levels      = []string{"notice", "warning", "failure"}
)

// runBody is what a request says of a check run; nil was not said.
type runBody struct {
	Name        *string       `json:"name"`
	HeadSHA     *string       `json:"head_sha"`
	Status      *string       `json:"status"`
	Conclusion  *string       `json:"conclusion"`
	ExternalID  *string       `json:"external_id"`
	DetailsURL  *string       `json:"details_url"`
	StartedAt   *time.Time    `json:"started_at"`
	CompletedAt *time.Time    `json:"completed_at"`
	Output      *outputBody   `json:"output"`
	Actions     *[]actionBody `json:"actions"`
}

type outputBody struct {
	Title       *string           `json:"title"`
	Summary     *string           `json:"summary"`
	Text        *string           `json:"text"`
	Annotations []json.RawMessage `json:"annotations"`
}

type actionBody struct {
	Label       *string `json:"label"`
	Description *string `json:"description"`
	Identifier  *string `json:"identifier"`
}

type annotationBody struct {
	Path        *string `json:"path"`
	Start       *int    `json:"start_line"`
	End         *int    `json:"end_line"`
	StartColumn *int    `json:"start_column"`
	EndColumn   *int    `json:"end_column"`
	Level       *string `json:"annotation_level"`
	Message     *string `json:"message"`
	Title       *string `json:"title"`
	Details     *string `json:"raw_details"`
}

// check refuses what GitHub refuses.
func (b *runBody) check() *refusal {
	switch {
	case b.Conclusion != nil && !slices.Contains(conclusions, *b.Conclusion):
		return unfit("%q is not a conclusion.", *b.Conclusion)
	case b.Status != nil && !slices.Contains(runStatuses, *b.Status):
		return unfit("%q is not a status.", *b.Status)
	case (b.Status != nil && *b.Status == "completed" || b.CompletedAt != nil) && b.Conclusion == nil:
		return unfit("\"conclusion\" wasn't supplied.")
	}
	if no := b.checkActions(); no != nil {
		return no
	}
	return b.Output.check()
}

func (b *runBody) checkActions() *refusal {
	if b.Actions == nil {
		return nil
	}
	if n := len(*b.Actions); n > maxActions {
		return unfit("No more than %d items are allowed; %d were supplied.", maxActions, n)
	}
	for _, a := range *b.Actions {
		if a.Label == nil || a.Description == nil || a.Identifier == nil {
			return unfit("An action needs \"label\", \"description\" and \"identifier\".")
		}
		if longer(*a.Label, maxLabel) || longer(*a.Description, maxDescription) || longer(*a.Identifier, maxIdentifier) {
			return unfit("An action's label has %d characters at most, its description %d, its identifier %d.", maxLabel, maxDescription, maxIdentifier)
		}
	}
	return nil
}

func (b *runBody) actions() []Action {
	var list []Action
	for _, a := range *b.Actions {
		list = append(list, Action{*a.Label, *a.Description, *a.Identifier})
	}
	return list
}

func longer(s string, limit int) bool { return utf8.RuneCountInString(s) > limit }

func (o *outputBody) check() *refusal {
	switch {
	case o == nil:
		return nil
	case o.Title == nil || *o.Title == "":
		return unfit("\"title\" wasn't supplied.")
	case o.Summary == nil || *o.Summary == "":
		return unfit("\"summary\" wasn't supplied.")
	case len(o.Annotations) > maxAnnotations:
		return unfit("No more than %d items are allowed; %d were supplied.", maxAnnotations, len(o.Annotations))
	}
	for name, text := range map[string]*string{"summary": o.Summary, "text": o.Text} {
		if no := fitting(name, text); no != nil {
			return no
		}
	}
	for _, raw := range o.Annotations {
		var a annotationBody
		if err := json.Unmarshal(raw, &a); err != nil {
			return unfit("An annotation cannot be read: %s.", err)
		}
		if no := a.check(); no != nil {
			return no
		}
	}
	return nil
}

// fitting refuses a text that is too long: by its characters before it is looked
// at, by its bytes before it is kept.
func fitting(name string, text *string) *refusal {
	switch {
	case text == nil:
		return nil
	case longer(*text, maxOutput):
		return unfit("Only %d characters are allowed; %d were supplied.", maxOutput, utf8.RuneCountInString(*text))
	case len(*text) > maxOutput:
		return invalid("CheckRun", name, "custom", name+" exceeds a maximum bytesize of 65535")
	}
	return nil
}

func (a *annotationBody) check() *refusal {
	switch {
	case a.Path == nil || a.Start == nil || a.End == nil || a.Level == nil || a.Message == nil:
		return unfit("An annotation's \"path\", \"start_line\", \"end_line\", \"annotation_level\" and \"message\" weren't supplied.")
	case *a.Path == "" || *a.Message == "":
		return invalid("CheckRun", "annotations", "invalid", "path and message cannot be blank")
	case *a.Start < 1 || *a.End < *a.Start:
		return unfit("Lines %d to %d are no lines of a file.", *a.Start, *a.End)
	case (a.StartColumn != nil || a.EndColumn != nil) && *a.Start != *a.End:
		return unfit("Columns are for an annotation of one line.")
	case !slices.Contains(levels, *a.Level):
		return unfit("%q is not an annotation level.", *a.Level)
	case len(*a.Message) > maxMessage || a.Details != nil && len(*a.Details) > maxMessage:
		return unfit("A message has 64 KB at most.")
	case a.Title != nil && longer(*a.Title, maxTitle):
		return unfit("A title has %d characters at most.", maxTitle)
	}
	return nil
}
