package manifest

// processors are what the compiler runs while it compiles: those of the plugin, and
// those of each of its executions. What the elements of the list are called is free.
func (m *pom) processors(plugin *xmlNode, marker string) error {
	told := append([]*xmlNode{plugin}, each(plugin.child("executions"), "execution")...)
	for _, n := range told {
		for _, configuration := range each(n, "configuration") {
			for _, paths := range each(configuration, "annotationProcessorPaths") {
				for _, p := range paths.list {
					if err := m.add(p, "processor", marker); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
