package policy

// Layers are policies that apply together, the organisation's first.
//
// A later layer takes nothing from an earlier one, with one exception that the
// earlier must grant itself: a rule marked overridable gives way to a rule of
// the same name.
type Layers []*Policy

// Effective leaves out of each earlier layer the rules that are marked
// overridable and that a later layer names too. The policies given are not
// changed.
func (l Layers) Effective() []*Policy {
	effective := make([]*Policy, 0, len(l))
	for i, p := range l {
		later := make(map[string]bool)
		for _, q := range l[i+1:] {
			for _, r := range q.Rules {
				later[r.Name] = later[r.Name] || !r.Implicit
			}
		}
		kept := *p
		kept.Rules = nil
		for _, r := range p.Rules {
			if !r.Overridable || !later[r.Name] {
				kept.Rules = append(kept.Rules, r)
			}
		}
		effective = append(effective, &kept)
	}
	return effective
}
