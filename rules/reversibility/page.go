package reversibility

import "fmt"

// page says what is read, and from where on something is one.
func page() string {
	return fmt.Sprintf(`## What is found

- Migrations: tables, columns and rows that go; types that are not known to hold all that the old ones did (Alembic and Entity
  Framework name both, Django's models.py in the same change names the old); a way back that is missing, empty or only refuses, in
  the file or beside it; in a folder with undo migrations of Flyway's, one without its own; what Rails or Liquibase cannot turn around
  by itself. One that was there before counts as edited, but for layout, for further change sets of Liquibase's, which are judged, and
  for repeatable migrations, of which the new steps count.
- Interfaces: a field of Protocol Buffers is its name, type and number; an operation of OpenAPI its method and path, whatever its
  parameters are called. What moves within the same descriptions, or the same package of Go, stays. More than %d files of one
  language are not compared, and a finding says so.
- Mixed concerns: schema, code and deployment at once; %d or more files that are only renamed, or only formatted, with other code;
  %d or more files of code that go where others come elsewhere; other versions of packages that no code of the change names. For
  layout and for names at most %d files are read.
`, maxSources, sweep, few, maxRead)
}
