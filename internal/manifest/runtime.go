package manifest

// atRuntime makes a package that only development needed, and that is now installed with
// the program as well, an added one. Of several entries of one version it is enough that
// one was there already.
func atRuntime(before, after *File, changes []Change) {
	if before.undivided || after.undivided {
		return
	}
	var was map[string]bool
	for i := range changes {
		c := &changes[i]
		if !c.AtRuntime() {
			continue
		}
		if was == nil {
			was = runtimeSet(before)
		}
		if !was[inSet(c.New)] {
			c.Kinds = append(c.Kinds, Added)
		}
	}
}

// AtRuntime reports whether a package was for development only, and is no more.
func (c *Change) AtRuntime() bool { return c.Old != nil && c.New != nil && c.Old.Dev && !c.New.Dev }

// runtimeSet are the packages that are installed with the program.
func runtimeSet(f *File) map[string]bool {
	set := make(map[string]bool)
	for i := range f.Packages {
		if p := &f.Packages[i]; !p.Dev {
			set[inSet(p)] = true
		}
	}
	return set
}

func inSet(p *Package) string { return p.Name + "\x00" + p.Spec + "\x00" + p.Source }
