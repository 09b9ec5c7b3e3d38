package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Arrival is a delivery about a subject, on its way into the database.
type Arrival struct {
	Delivery Delivery
	Subject  Subject // ID, Want and Parked are filled in when it is due
	// Due is set when the delivery was not processed for this subject before;
	// else the subject is left as it was.
	Due bool
	// Woken is set when the subject was done before, and so has no job.
	Woken bool
}

// Receive is [ReceiveAll] of one delivery.
func Receive(ctx context.Context, tx *Tx, d Delivery, s *Subject) (due bool, err error) {
	a := &Arrival{Delivery: d, Subject: *s}
	if err := ReceiveAll(ctx, tx, []*Arrival{a}); err != nil {
		return false, err
	}
	*s = a.Subject
	return a.Due, nil
}

// ReceiveAll notes deliveries and raises their subjects' want, in the caller's
// transaction and in the order of the list, by a handful of statements.
//
// Of two transactions that do so, none waits for what the other one holds while
// it holds what that one waits for: the number for new subjects is taken before
// any subject, and subjects in the order of their names.
func ReceiveAll(ctx context.Context, tx *Tx, list []*Arrival) error {
	r := &reception{tx: tx, raised: make(map[string]*raised)}
	for _, a := range list {
		r.add(a)
	}
	slices.SortFunc(r.order, func(a, b *raised) int { return cmp.Compare(a.name, b.name) })
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"look for what is known of", r.look}, {"number", r.number}, {"raise", r.raise}, {"note the deliveries of", r.deliver}, {"note what is asked of", r.ask},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s %s: %w", step.what, r.named(), explain(err))
		}
	}
	return nil
}

// reception is ReceiveAll at work.
type reception struct {
	tx     *Tx
	raised map[string]*raised // by the stored name
	order  []*raised
}

// raised is a subject with what arrived about it.
type raised struct {
	name       string
	id         int64 // 0 for one that is not known
	want, done int64
	parked     bool
	processed  map[string]bool // deliveries
	arrivals   []*Arrival      // all, then those that are due
}

func (r *reception) add(a *Arrival) {
	name := text(a.Subject.Name())
	x := r.raised[name]
	if x == nil {
		x = &raised{name: name, processed: make(map[string]bool)}
		r.raised[name] = x
		r.order = append(r.order, x)
	}
	x.arrivals = append(x.arrivals, a)
}

// named says for a message what was received.
func (r *reception) named() string {
	switch {
	case len(r.order) == 0:
		return "nothing"
	case len(r.order) == 1:
		return r.order[0].name
	}
	return fmt.Sprintf("%s and %d others", r.order[0].name, len(r.order)-1)
}

// look finds out which subjects are known and which deliveries were processed,
// and keeps of the arrivals those that are due.
func (r *reception) look(ctx context.Context) error {
	var names, ids []any
	for _, x := range r.order {
		names = append(names, x.name)
		for _, a := range x.arrivals {
			ids = append(ids, text(a.Delivery.ID))
		}
	}
	err := inChunks(names, func(some []any) error {
		return r.query(ctx, `SELECT name, id, want, done FROM subjects WHERE name IN (`+marks(1, len(some))+`)`, some, func(scan func(...any) error) error {
			var name string
			var found raised
			if err := scan(&name, &found.id, &found.want, &found.done); err != nil {
				return err
			}
			x := r.raised[name]
			x.id, x.want, x.done = found.id, found.want, found.done
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := r.lookForDeliveries(ctx, ids); err != nil {
		return err
	}
	for _, x := range r.order {
		x.arrivals = slices.DeleteFunc(x.arrivals, func(a *Arrival) bool {
			a.Due = !x.processed[text(a.Delivery.ID)]
			return !a.Due
		})
	}
	r.order = slices.DeleteFunc(r.order, func(x *raised) bool { return len(x.arrivals) == 0 })
	return nil
}

func (r *reception) lookForDeliveries(ctx context.Context, ids []any) error {
	var subjects []any
	byID := make(map[int64]*raised)
	for _, x := range r.order {
		if x.id != 0 {
			subjects = append(subjects, x.id)
			byID[x.id] = x
		}
	}
	return inChunks(subjects, func(some []any) error {
		return inChunks(ids, func(sent []any) error {
			query := `SELECT subject, id, want FROM deliveries WHERE subject IN (` + marks(1, len(some)) + `) AND id IN (` + marks(1+len(some), len(sent)) + `)`
			return r.query(ctx, query, append(slices.Clone(some), sent...), func(scan func(...any) error) error {
				var subject, want int64
				var id string
				if err := scan(&subject, &id, &want); err != nil {
					return err
				}
				x := byID[subject]
				x.processed[id] = x.done >= want
				return nil
			})
		})
	})
}

func (r *reception) query(ctx context.Context, query string, args []any, each func(scan func(...any) error) error) error {
	rows, err := r.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// number gives the subjects that are new their ids, and those that are known
// one that nobody has, since the statement that raises them takes no row
// without.
func (r *reception) number(ctx context.Context) error {
	unknown := int64(0)
	for _, x := range r.order {
		if x.id == 0 {
			unknown++
		}
	}
	if unknown == 0 {
		return nil
	}
	var last int64
	err := r.tx.QueryRowContext(ctx, `UPDATE numbers SET last = last + $2 WHERE name = $1 RETURNING last`, "subject", unknown).Scan(&last)
	if err != nil {
		return err
	}
	for _, x := range r.order {
		if x.id == 0 {
			x.id = -(last - unknown + 1)
			unknown--
		}
	}
	return nil
}

// errVanished says that a subject was dropped a moment ago. It is new the next
// time.
var errVanished = errors.New("the subject was dropped meanwhile")

const raiseColumns = 14

// raise counts the events and takes over what they said.
func (r *reception) raise(ctx context.Context) error {
	var args []any
	for _, x := range r.order {
		args = append(args, x.row()...)
	}
	err := inRows(args, raiseColumns, func(some []any) error {
		return r.query(ctx, `INSERT INTO subjects
			(id, name, kind, installation, owner, repo, number, base, head, ref, want, anew, updated_at, files, done, judged, failing_since)
			VALUES `+tuples(len(some)/raiseColumns, raiseColumns, "0, 0, 0")+`
			ON CONFLICT (name) DO UPDATE SET want = subjects.want + excluded.want, failing_since = 0,
			installation = excluded.installation, updated_at = excluded.updated_at,
			base = CASE WHEN excluded.base = '' THEN subjects.base ELSE excluded.base END,
			head = CASE WHEN excluded.head = '' THEN subjects.head ELSE excluded.head END,
			files = CASE WHEN excluded.files = 0 THEN subjects.files ELSE excluded.files END,
			anew = CASE WHEN excluded.anew = 0 THEN subjects.anew ELSE subjects.want + excluded.anew END
			RETURNING name, id, want, done, parked, files`, some, r.raisedTo)
	})
	if err != nil {
		return err
	}
	for _, x := range r.order {
		if x.id < 0 {
			return errVanished
		}
	}
	return nil
}

// row is the subject as it is inserted where it is new. The last arrival that
// says something has its way.
func (x *raised) row() []any {
	s := x.arrivals[len(x.arrivals)-1].Subject
	anew := 0
	at := int64(0)
	for i, a := range x.arrivals {
		s.Base, s.Head = cmp.Or(a.Subject.Base, s.Base), cmp.Or(a.Subject.Head, s.Head)
		s.Files = cmp.Or(a.Subject.Files, s.Files)
		if a.Delivery.Anew {
			anew = i + 1
		}
		at = micros(a.Delivery.Received)
	}
	return []any{
		-x.id, x.name, string(s.Kind), s.Installation, text(s.Owner), text(s.Repo), s.Number, text(s.Base), text(s.Head), text(s.Ref),
		len(x.arrivals), anew, at, s.Files,
	}
}

// raisedTo takes over what a subject was raised to.
func (r *reception) raisedTo(scan func(...any) error) error {
	var name string
	var now raised
	var files int
	if err := scan(&name, &now.id, &now.want, &now.done, &now.parked, &files); err != nil {
		return err
	}
	x := r.raised[name]
	events := int64(len(x.arrivals))
	x.id, x.want, x.done, x.parked = now.id, now.want, now.done, now.parked
	for i, a := range x.arrivals {
		a.Subject.ID, a.Subject.Want, a.Subject.Done = x.id, x.want-events+1+int64(i), x.done
		a.Subject.Parked, a.Subject.Files = x.parked, files
		a.Woken = x.done >= x.want-events
	}
	return nil
}

const deliverColumns = 6

// deliver notes the deliveries, each once for a subject.
func (r *reception) deliver(ctx context.Context) error {
	var args []any
	for _, x := range r.order {
		last := make(map[string]int)
		for i, a := range x.arrivals {
			last[text(a.Delivery.ID)] = i
		}
		for i, a := range x.arrivals {
			if d := a.Delivery; last[text(d.ID)] == i {
				args = append(args, text(d.ID), text(d.Event), text(d.Action), x.id, a.Subject.Want, micros(d.Received))
			}
		}
	}
	return inRows(args, deliverColumns, func(some []any) error {
		_, err := r.tx.ExecContext(ctx, `INSERT INTO deliveries (id, event, action, subject, want, received_at) VALUES `+tuples(len(some)/deliverColumns, deliverColumns, "")+`
			ON CONFLICT (subject, id) DO UPDATE SET want = excluded.want`, some...)
		return err
	})
}

// ask notes what people ask for.
func (r *reception) ask(ctx context.Context) error {
	for _, x := range r.order {
		for _, a := range x.arrivals {
			if a.Delivery.Command == nil {
				continue
			}
			if err := ask(ctx, r.tx, x.id, *a.Delivery.Command); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostRows bounds the rows of a statement.
const mostRows = 64

// pieces are how many rows a statement has: few numbers, since each makes another
// statement to prepare, and enough for any list to need few of them.
var pieces = []int{mostRows, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1}

// inRows cuts the values of rows into pieces for a statement each.
func inRows(args []any, columns int, do func(some []any) error) error {
	for _, size := range pieces {
		for len(args) > 0 && len(args) >= size*columns {
			if err := do(args[:size*columns]); err != nil {
				return err
			}
			args = args[size*columns:]
		}
	}
	return nil
}

// inChunks cuts a list of values that a statement looks for into pieces. The last
// one is repeated up to a power of two, so that there are few different
// statements.
func inChunks(args []any, do func(some []any) error) error {
	return inRows(args, 1, func(some []any) error {
		some = slices.Clone(some)
		for len(some)&(len(some)-1) != 0 {
			some = append(some, some[len(some)-1])
		}
		return do(some)
	})
}

// marks are parameters: "$2, $3, $4".
func marks(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// tuples are rows of parameters, each with constants behind: "($1, $2, 0), ($3, $4, 0)".
func tuples(rows, columns int, constants string) string {
	if constants != "" {
		constants = ", " + constants
	}
	list := make([]string, rows)
	for i := range rows {
		list[i] = "(" + marks(1+i*columns, columns) + constants + ")"
	}
	return strings.Join(list, ", ")
}
