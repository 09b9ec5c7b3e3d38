// Package oidc checks the tokens that GitHub Actions gives to a job, which say
// which workflow of which repository runs on which commit.
//
// # The model
//
// A [Verifier] knows one issuer and one audience. It takes a token that the
// issuer signed with RS256, that is for the audience, and whose time it is, and
// hands out its [Claims]. Nothing else is taken: no other algorithm, no key that
// the token brings along or points to, no issuer that merely looks alike.
//
// The keys are fetched from the issuer over https and kept for an hour. A token
// with an unknown key has them fetched again, once a minute at most, so that
// strangers cannot have the issuer asked for every token that they make up.
package oidc
