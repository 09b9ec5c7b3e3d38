package manifest

import "strings"

// built reads what a build gets from elsewhere: contexts, and arguments that name images.
func (m *yamlManifest) built(build *yamlValue) error {
	err := eachPair(build.child("additional_contexts"), func(_, value string, v *yamlValue) error {
		at := *v
		at.text = value
		if image, is := strings.CutPrefix(value, "docker-image://"); is {
			at.text = image
			return m.image(&at, "build")
		}
		return m.context(&at)
	})
	if err != nil {
		return err
	}
	return eachPair(build.child("args"), func(_, value string, v *yamlValue) error {
		if _, reason := imagePackage(value); reason != "" || !namesImage(value) {
			return nil
		}
		at := *v
		at.text = value
		return m.image(&at, "build")
	})
}

// namesImage tells "name:tag" and "name@digest" from what else an argument may be. A
// version alone is no name.
func namesImage(value string) bool {
	name, tag, tagged := cutLast(value, ":")
	if !tagged || tag == "" || strings.Contains(tag, "/") || strings.Contains(value, "://") {
		return false
	}
	return name != "" && strings.ContainsAny(strings.ToLower(name[:1]), "abcdefghijklmnopqrstuvwxyz")
}

// mounted finds the images that are mounted as if they were folders.
func (m *yamlManifest) mounted(volumes *yamlValue) error {
	if volumes == nil || volumes.kind != yamlSeq {
		return nil
	}
	for _, v := range volumes.list {
		if v.kind == yamlMap && v.str("type") == "image" {
			if err := m.image(v.child("source"), "volume"); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachPair calls a function for each "name: value" of a mapping or "name=value" of a
// list; others have none.
func eachPair(v *yamlValue, each func(name, value string, v *yamlValue) error) error {
	if v == nil {
		return nil
	}
	for i, e := range v.list {
		name, value := "", e.text
		if v.kind == yamlMap {
			name = v.keys[i].text
		} else {
			name, value, _ = strings.Cut(e.text, "=")
		}
		if !e.isScalar() {
			continue
		}
		if err := each(name, strings.TrimSpace(value), e); err != nil {
			return err
		}
	}
	return nil
}
