// Package pathset matches paths against many lists of globs in one walk.
//
// # The model
//
// A list is a sequence of globs as in GitHub Actions' "paths:". A leading "!"
// excludes; the last glob of the list that matches decides, so a list of
// exclusions alone matches nothing. Lists are added to a [Builder];
// [Builder.Build] turns all of them into one [Set], and [Set.Match] walks a path
// once, whatever the number of lists. A glob that many lists share costs once.
//
//   - "*" is any run of characters within a segment, "?" any one character.
//   - "**" is any number of segments, also none: "a/**" is a and all below it,
//     "**/a" is a at any depth.
//   - "[a-z]" is one of a class, "[!a-z]" or "[^a-z]" none of it.
//   - "{a,b}" is either alternative; they may be nested and may hold slashes.
//   - "\" takes the next character as it is.
//
// A glob describes a whole path, from the repository's root: "docs" is one file
// and "*.md" lies at the root.
//
// # Compared with doublestar
//
// The package doublestar is the oracle of the tests. What differs, differs on
// purpose:
//
//   - "**" beside other characters crosses slashes, as in GitHub Actions:
//     "src/**.go" is every .go file below src. There it is a single "*".
//   - "a*/**" matches a file abc just as "a/**" matches a file a. There only the
//     second does.
//   - Stars that only braces bring together are one star: "{a,*}*" stays within
//     a segment. A class never matches a slash. There both cross.
//   - What can match no path, or is likely to be meant otherwise, is an error: a
//     leading "/" or "./", a trailing "/", empty segments, "." and "..", "!!",
//     "***", "{}", characters that nobody sees, and a "]" or "}" too few.
//   - A hyphen within a class is written "\-" unless it makes a range.
//   - Globs and paths are compared in Unicode's composed form (NFC).
//
// # Upper and lower case
//
// On some machines two names that differ in case are one file, so a list says
// how it errs. It is asked twice, about the name as it is written (in NFC) and
// about the case-folded name with the folded globs; each is decided by its last
// match. A [Protect] list matches when either does. A [Permit] list matches when
// the name as written does and the folded one is not excluded.
// Folding is Unicode's full folding: it may turn one character into several ("ß"
// into "ss"), and a "?" or a class then stands for one of those. A class folds
// before it is negated: "[!A-Z]" has, folded, neither a nor A.
//
// # Hostile input
//
// Globs compile to an automaton whose symbols are segments. Literal segments are
// found by one look-up, segments with a literal beginning or end by a walk over
// their bytes, and the states reached are kept as a set: nothing is tried again,
// so the time is bounded by the path's length times the number of states. The
// length, the alternatives and the number of globs are limited, and so are the
// states of a set; past a limit there is an error, never a glob that is ignored.
package pathset
