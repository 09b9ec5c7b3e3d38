// Package ghfake is a stand-in for GitHub: the part of its API that changeguard
// uses, with its limits and refusals, over repositories in memory.
//
// # The model
//
// A [Server] holds Apps, their installations, accounts and repositories.
// Objects are git's own, with git's ids, so that a clone and the stand-in talk
// of the same commits. Requests need an App's signed token or an
// installation's, which expires and carries permissions. Answers are cut where
// GitHub cuts them (300 files of a comparison, 3,000 of a pull request, 250
// commits, long listings of trees, patches that are too large) and refused
// where GitHub refuses (more than 50 annotations, missing permissions, an
// exhausted quota). A check run that has ended stays as it ended. What GitHub
// does but does not document is marked "unconfirmed" where it is imitated; of
// what it might do, the stand-in does what is worse for its client.
//
// The same answers are served under / as api.github.com has them, and under
// /api/v3 and /api/graphql as an Enterprise Server has them.
//
// Tests and the demonstration drive it: they write commits, open pull requests,
// set labels, and send webhooks, signed as GitHub signs them, see
// [Server.Deliver]. Faults are injected with [Server.Inject]. The stand-in
// stores no verdicts and knows nothing of them.
//
// Time comes from [Options.Now]: tokens expire and quotas return by that clock.
package ghfake
