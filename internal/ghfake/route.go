package ghfake

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A route is an operation of the API, as it is documented.
type route struct {
	pattern string       // "METHOD /path" with {parameters}
	needs   []permission // any one of them
	app     bool         // asked with the App's own token
	graph   bool         // a query
	free    bool         // costs nothing
	creates bool         // counts as creating content
	takes   string       // the parameters that are obeyed, besides those of paging
	do      func(*call) (any, *refusal)
}

const inRepo = "/repos/{owner}/{repo}"

// routes are all operations that are served.
func (s *Server) routes() []*route {
	list := s.appRoutes()
	list = append(list, s.readingRoutes()...)
	list = append(list, s.checkRoutes()...)
	list = append(list, s.ruleRoutes()...)
	return append(list, s.talkRoutes()...)
}

func (s *Server) appRoutes() []*route {
	list := []*route{
		{pattern: "GET /app", do: s.getApp},
		{pattern: "GET /app/installations", do: s.listInstallations},
		{pattern: "POST /app/installations/{installation_id}/access_tokens", do: s.createToken},
		{pattern: "GET /app/hook/config", do: s.getHookConfig},
		{pattern: "GET /app/hook/deliveries", takes: "cursor status", do: s.listDeliveries},
		{pattern: "GET /app/hook/deliveries/{delivery_id}", do: s.getDelivery},
		{pattern: "POST /app/hook/deliveries/{delivery_id}/attempts", do: s.attempt},
		{pattern: "GET " + inRepo + "/installation", do: s.repoInstallation},
	}
	for _, r := range list {
		r.app = true
	}
	return list
}

func (s *Server) readingRoutes() []*route {
	metadata, contents, pulls := need("metadata:read"), need("contents:read"), need("pull_requests:read")
	return []*route{
		{pattern: "POST /graphql", graph: true, do: s.graphql},
		{pattern: "GET /rate_limit", free: true, do: s.rateLimit},
		{pattern: "GET /installation/repositories", needs: metadata, do: s.listRepos},
		{pattern: "GET /orgs/{org}/teams/{team_slug}/memberships/{username}", needs: need("members:read"), do: s.getMembership},
		{pattern: "GET " + inRepo, needs: metadata, do: s.getRepo},
		{pattern: "GET " + inRepo + "/collaborators/{username}/permission", needs: metadata, do: s.getPermission},
		{pattern: "GET " + inRepo + "/branches", takes: "protected", needs: contents, do: s.listBranches},
		{pattern: "GET " + inRepo + "/branches/{branch...}", needs: contents, do: s.getBranch},
		{pattern: "GET " + inRepo + "/compare/{basehead...}", needs: contents, do: s.getComparison},
		{pattern: "GET " + inRepo + "/commits", takes: "sha", needs: contents, do: s.listCommits},
		{pattern: "GET " + inRepo + "/commits/{ref}", needs: contents, do: s.getCommit},
		{pattern: "GET " + inRepo + "/git/trees/{tree_sha}", takes: "recursive", needs: contents, do: s.getTree},
		{pattern: "GET " + inRepo + "/git/blobs/{file_sha}", needs: contents, do: s.getBlob},
		{pattern: "GET " + inRepo + "/contents/{path...}", takes: "ref", needs: contents, do: s.getContents},
		{pattern: "GET " + inRepo + "/pulls", takes: "state head base sort direction", needs: pulls, do: s.listPulls},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}", needs: pulls, do: s.getPull},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/files", needs: pulls, do: s.listPullFiles},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/commits", needs: pulls, do: s.listPullCommits},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/reviews", needs: pulls, do: s.listReviews},
		{pattern: "GET " + inRepo + "/commits/{commit_sha}/pulls", needs: pulls, do: s.listCommitPulls},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/requested_reviewers", needs: pulls, do: s.listRequested},
		{pattern: "POST " + inRepo + "/pulls/{pull_number}/requested_reviewers", needs: need("pull_requests:write"), creates: true, do: s.requestReviewers},
	}
}

func (s *Server) checkRoutes() []*route {
	read, write := need("checks:read"), need("checks:write")
	return []*route{
		{pattern: "POST " + inRepo + "/check-runs", needs: write, do: s.createRun},
		{pattern: "PATCH " + inRepo + "/check-runs/{check_run_id}", needs: write, do: s.updateRun},
		{pattern: "GET " + inRepo + "/check-runs/{check_run_id}", needs: read, do: s.getRun},
		{pattern: "GET " + inRepo + "/check-runs/{check_run_id}/annotations", needs: read, do: s.listAnnotations},
		{pattern: "GET " + inRepo + "/commits/{ref}/check-runs", takes: "check_name app_id filter status", needs: read, do: s.listRuns},
		{pattern: "GET " + inRepo + "/commits/{ref}/check-suites", takes: "check_name app_id", needs: read, do: s.listSuites},
		{pattern: "POST " + inRepo + "/statuses/{sha}", needs: need("statuses:write"), do: s.createStatus},
		{pattern: "GET " + inRepo + "/commits/{ref}/statuses", needs: need("statuses:read"), do: s.listStatuses},
	}
}

func (s *Server) talkRoutes() []*route {
	read, write := need("issues:read pull_requests:read"), need("issues:write pull_requests:write")
	const issue = inRepo + "/issues/{issue_number}"
	return []*route{
		{pattern: "GET " + issue + "/comments", needs: read, do: s.listComments},
		{pattern: "POST " + issue + "/comments", needs: write, creates: true, do: s.createComment},
		{pattern: "GET " + inRepo + "/issues/comments/{comment_id}", needs: read, do: s.getComment},
		{pattern: "PATCH " + inRepo + "/issues/comments/{comment_id}", needs: write, do: s.updateComment},
		{pattern: "DELETE " + inRepo + "/issues/comments/{comment_id}", needs: write, do: s.deleteComment},
		{pattern: "POST " + inRepo + "/issues/comments/{comment_id}/reactions", needs: write, creates: true, do: s.createReaction},
		{pattern: "GET " + issue + "/labels", needs: read, do: s.listLabels},
		{pattern: "POST " + issue + "/labels", needs: write, do: s.addLabels},
		{pattern: "DELETE " + issue + "/labels/{name}", needs: write, do: s.deleteLabel},
	}
}

// unknown finds what a request asks for that the stand-in does not do. GitHub
// would do it; to ignore it would be a lie.
func (rt *route) unknown(r *http.Request) string {
	for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if name != "per_page" && name != "page" && !slices.Contains(strings.Fields(rt.takes), name) {
			return "the parameter " + name
		}
	}
	for _, media := range []string{"diff", "patch", "sha", "html", "text", "full", "object"} {
		if asksFor(r, media) {
			return "the media type " + media
		}
	}
	return ""
}

// asksFor reports whether a media type is asked for, with GitHub's name for the
// version or without.
func asksFor(r *http.Request, media string) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/vnd.github."+media) || strings.Contains(accept, "application/vnd.github.v3."+media)
}
