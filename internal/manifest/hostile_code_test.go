package manifest_test

import "strings"

// codeHostile are inputs for the readers of manifests that are programs.
func codeHostile() map[string]map[string][]byte {
	nest := func(open, closing string) []byte {
		return []byte(strings.Repeat(open, 60) + strings.Repeat(closing, 60))
	}
	build := map[string][]byte{
		"lines":       repeat("\n"),
		"braces":      repeat("{"),
		"pairs":       repeat("{}\n"),
		"comment":     []byte("/*" + strings.Repeat("/*", size/2)),
		"quotes":      repeat(`"`),
		"put-in":      []byte(`"` + strings.Repeat(`${"`, size/3)),
		"packages":    between("dependencies {\n", "implementation 'g:a%d:1'\n", "}\n"),
		"same":        between("dependencies {\n", "implementation 'g:a:%d'\n", "}\n"),
		"variables":   between("", "v%d = '1'\n", ""),
		"used":        between("dependencies {\n", "implementation \"g:a:$v%[1]d\"\n", "}\n"),
		"chain":       between("dependencies { x.each { implementation v0 } }\n", "v%[1]d = v%[1]d1\n", ""),
		"equals":      []byte("dependencies { x.each { implementation a } }\na = " + strings.Repeat("a=", size/2) + "1"),
		"names":       between("dependencies { x.each { implementation a0 } }\nq = 1, ", "a%[1]d = a%[1]d1, ", "1"),
		"texts":       []byte("dependencies { implementation " + strings.Repeat("'a'+", size/4) + "'b' }"),
		"dollars":     []byte("dependencies { implementation \"g:a:" + strings.Repeat("$a", size/2) + "\" }"),
		"blocks":      []byte(strings.Repeat("a{", 60) + strings.Repeat("plugins{}\n", size/10) + strings.Repeat("}", 60)),
		"unread":      between("dependencies {\n", "a%d(b)\n", "}\n"),
		"repository":  []byte("repositories { maven { " + strings.Repeat("url 'x'\n", size/8) + "} }"),
		"coordinates": between("a = [", "'g:a:%d', ", "]\n"),
		"arguments":   []byte("dependencies { implementation " + strings.Repeat("'g:a:1',", size/8) + "'g:a:1' }"),
	}
	return map[string]map[string][]byte{
		"build.gradle":     build,
		"build.gradle.kts": build,
		"Package.swift": {
			"packages": between("", ".package(url: \"https://x/a%d\", from: \"1.0.0\")\n", ""),
			"nested":   nest(".package(", ")"),
			"calls":    []byte(strings.Repeat(".package(", 60) + strings.Repeat("a,", size/2) + strings.Repeat(")", 60)),
			"odd":      between("if x\n", "a%d\n", ""),
			"comment":  []byte(strings.Repeat("/*", size/2)),
			"put-in":   []byte(`"` + strings.Repeat(`\("`, size/3)),
		},
		"mix.exs": {
			"packages": between("def project, do: [deps: [", "{:a%d, \"1.0.0\"},", "{:b, \"1\"}]]"),
			"deps":     repeat("deps "),
			"lists":    repeat("deps: [] "),
			"sigils":   repeat("~w(a) "),
			"options":  []byte("def project, do: [deps: [{:a, \"1\", " + strings.Repeat("only: :a, ", size/10) + "only: :b}]]"),
			"atoms":    repeat(":a"),
		},
		"x.gemspec": {
			"packages":  between("", "s.add_dependency 'a%d', '1'\n", ""),
			"clauses":   []byte("s.add_dependency 'a'" + strings.Repeat(", '1'", size/5)),
			"blocks":    []byte(strings.Repeat("{", 60) + strings.Repeat("s.add_dependency 'a'\n", size/21) + strings.Repeat("}", 60)),
			"do":        repeat("do "),
			"documents": []byte("a " + strings.Repeat("<<~A ", size/5) + "\n"),
			"percent":   repeat("%w[a] "),
			"slashes":   repeat("a /b "),
		},
	}
}
