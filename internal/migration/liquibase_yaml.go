package migration

import "github.com/changeguard/changeguard/internal/workflow"

// yamlChangeSets reads YAML, and JSON, which is YAML.
func yamlChangeSets(text string) ([]ChangeSet, error) {
	root, err := workflow.Read([]byte(text))
	if err != nil {
		return nil, err
	}
	log := root.Get("databaseChangeLog")
	if log == nil {
		return nil, nil
	}
	var sets []ChangeSet
	for _, item := range log.List {
		if set := item.Get("changeSet"); set != nil {
			sets = append(sets, yamlChangeSet(set))
		}
	}
	return sets, nil
}

func yamlChangeSet(v *workflow.Value) ChangeSet {
	b := &setBuilder{ChangeSet: ChangeSet{Name: v.Get("id").String() + " " + v.Get("author").String(), Line: v.Line}, rollback: v.Get("rollback") != nil}
	v.Walk(func(key string, one *workflow.Value) { b.say(key, one.Text) })
	changes := v.Get("changes")
	if changes == nil {
		return b.done()
	}
	for _, item := range changes.List {
		for _, p := range item.Items() {
			if p.Key == "rollback" {
				b.rollback = true
				continue
			}
			b.change(p.Key, p.Line)
			if p.Key == "sql" {
				b.script(p.Value)
			}
		}
	}
	return b.done()
}

// script is the text of a change "sql", alone or below that name.
func (b *setBuilder) script(v *workflow.Value) {
	if v != nil && v.Kind == workflow.Mapping {
		v = v.Get("sql")
	}
	if v != nil {
		b.sql(v.Text, v.LineOf(0))
	}
}
