package manifest

// swiftIdleLabels are those of a package and its targets whose values say nothing
// about other packages.
var swiftIdleLabels = wordSet(`name platforms products defaultLocalization swiftLanguageVersions swiftLanguageModes cLanguageStandard cxxLanguageStandard
	path exclude sources resources publicHeadersPath cSettings cxxSettings swiftSettings linkerSettings`)

// swiftIdleWords may stand in those values.
var swiftIdleWords = wordSet(`true false nil library executable name type targets target static dynamic macOS iOS tvOS watchOS visionOS macCatalyst driverKit
	v10_13 v10_14 v10_15 v11 v12 v13 v14 v15 v16 v17 v18 v5 v6 v7 v8 v9 v10 version process copy embedInCode define when configuration platforms debug
	enableExperimentalFeature enableUpcomingFeature linkedFramework linkedLibrary headerSearchPath swiftLanguageMode c99 c11 c17 gnu99 gnu11 cxx14 cxx17 cxx20 gnucxx17
	testTarget executableTarget macro en strictMemorySafety defaultIsolation`)

// swiftTargets are the kinds of target that are made of the tree alone.
var swiftTargets = wordSet("target testTarget executableTarget macro")

// idle marks the plain arguments of the package and of its targets.
func (s *swiftPackage) idle() {
	d := newIdling(swiftCode, swiftIdleWords)
	own := s.ownTargets()
	all := s.tokens
	for i := 0; i < len(all); i++ {
		if all[i].word("Package") && i+1 < len(all) && all[i+1].is("(") {
			s.idleArguments(d, own, all[i+2:i+1+all[i+1].span])
			i += 1 + all[i+1].span
			continue
		}
		d.counts(all[i : i+1])
	}
	d.settle()
}

// ownTargets are the names of the targets of this package. A product of another may
// have any other name.
func (s *swiftPackage) ownTargets() map[string]bool {
	own := make(map[string]bool)
	for i := range s.tokens {
		if t := s.tokens[i:]; len(t) > 4 && t[0].is(".") && swiftTargets[t[1].text] && t[2].is("(") {
			rest := trimEnds(t[3:min(len(t), 3+8)])
			if len(rest) > 1 && rest[0].word("name") && rest[0].label && rest[1].literal() {
				own[rest[1].text] = true
			}
		}
	}
	return own
}

// idleArguments sorts arguments with labels, with the commas behind them.
func (s *swiftPackage) idleArguments(d *idling, own map[string]bool, args []codeToken) {
	eachArgument(args, func(all, a []codeToken) {
		if len(a) < 2 || a[0].kind != codeWord || !a[0].label {
			d.counts(all)
			return
		}
		value := trimEnds(a[1:])
		list, isList := inBrackets(value, "[")
		switch label := a[0].text; {
		case swiftIdleLabels[label] && d.tame(value), label == "dependencies" && isList && ownOnly(own, list):
			d.maybe(all)
		case label == "targets" && isList:
			d.counts(a[:1])
			eachArgument(list, func(all, target []codeToken) { s.idleTarget(d, own, all, target) })
		default:
			d.counts(all)
		}
	})
}

// idleTarget sorts the arguments of a target, or takes all of it where all is idle.
func (s *swiftPackage) idleTarget(d *idling, own map[string]bool, all, target []codeToken) {
	if len(target) < 3 || !target[0].is(".") || !swiftTargets[target[1].text] || !target[2].is("(") || target[2].span != len(target)-3 {
		d.counts(all)
		return
	}
	n := len(d.maybes)
	counted := false
	args := target[3 : len(target)-1]
	eachArgument(args, func(_, a []codeToken) {
		list, isList := []codeToken(nil), false
		if len(a) > 1 {
			list, isList = inBrackets(trimEnds(a[1:]), "[")
		}
		counted = counted || len(a) < 2 || !a[0].label || !(swiftIdleLabels[a[0].text] && d.tame(trimEnds(a[1:])) || a[0].text == "dependencies" && isList && ownOnly(own, list))
	})
	if !counted && n == len(d.maybes) {
		d.maybe(all)
		return
	}
	s.idleArguments(d, own, args)
}

// ownOnly reports whether a list names targets of this package and nothing else.
func ownOnly(own map[string]bool, list []codeToken) bool {
	for i := range list {
		if t := &list[i]; t.kind != codeEnd && !t.is(",") && (!t.literal() || !own[t.text]) {
			return false
		}
	}
	return true
}

// eachArgument visits arguments, each with what stands around it up to the comma and
// without.
func eachArgument(args []codeToken, visit func(all, a []codeToken)) {
	from := 0
	for i := 0; i <= len(args); i++ {
		if i < len(args) && !args[i].is(",") {
			i += args[i].span
			continue
		}
		all := args[from:min(i+1, len(args))]
		a := all
		if i < len(args) {
			a = all[:len(all)-1]
		}
		if a = trimEnds(a); len(a) > 0 {
			visit(all, a)
		}
		from = i + 1
	}
}
