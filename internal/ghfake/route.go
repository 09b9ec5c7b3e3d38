package ghfake

// A route is an operation of the API, as it is documented.
type route struct {
	pattern string       // "METHOD /path" with {parameters}
	needs   []permission // any one of them
	app     bool         // asked with the App's own token
	graph   bool         // a query
	free    bool         // costs nothing
	creates bool         // counts as creating content
	do      func(*call) (any, *refusal)
}

const inRepo = "/repos/{owner}/{repo}"

// routes are all operations that are served.
func (s *Server) routes() []*route {
	list := s.appRoutes()
	list = append(list, s.readingRoutes()...)
	list = append(list, s.checkRoutes()...)
	return append(list, s.talkRoutes()...)
}

func (s *Server) appRoutes() []*route {
	list := []*route{
		{pattern: "GET /app", do: s.getApp},
		{pattern: "GET /app/installations", do: s.listInstallations},
		{pattern: "POST /app/installations/{installation_id}/access_tokens", do: s.createToken},
		{pattern: "GET /app/hook/deliveries", do: s.listDeliveries},
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
		{pattern: "GET " + inRepo + "/branches", needs: contents, do: s.listBranches},
		{pattern: "GET " + inRepo + "/branches/{branch...}", needs: contents, do: s.getBranch},
		{pattern: "GET " + inRepo + "/compare/{basehead...}", needs: contents, do: s.getComparison},
		{pattern: "GET " + inRepo + "/commits", needs: contents, do: s.listCommits},
		{pattern: "GET " + inRepo + "/commits/{ref}", needs: contents, do: s.getCommit},
		{pattern: "GET " + inRepo + "/git/trees/{tree_sha}", needs: contents, do: s.getTree},
		{pattern: "GET " + inRepo + "/git/blobs/{file_sha}", needs: contents, do: s.getBlob},
		{pattern: "GET " + inRepo + "/contents/{path...}", needs: contents, do: s.getContents},
		{pattern: "GET " + inRepo + "/pulls", needs: pulls, do: s.listPulls},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}", needs: pulls, do: s.getPull},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/files", needs: pulls, do: s.listPullFiles},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/commits", needs: pulls, do: s.listPullCommits},
		{pattern: "GET " + inRepo + "/pulls/{pull_number}/reviews", needs: pulls, do: s.listReviews},
		{pattern: "GET " + inRepo + "/commits/{commit_sha}/pulls", needs: pulls, do: s.listCommitPulls},
	}
}

func (s *Server) checkRoutes() []*route {
	read, write := need("checks:read"), need("checks:write")
	return []*route{
		{pattern: "POST " + inRepo + "/check-runs", needs: write, do: s.createRun},
		{pattern: "PATCH " + inRepo + "/check-runs/{check_run_id}", needs: write, do: s.updateRun},
		{pattern: "GET " + inRepo + "/check-runs/{check_run_id}", needs: read, do: s.getRun},
		{pattern: "GET " + inRepo + "/check-runs/{check_run_id}/annotations", needs: read, do: s.listAnnotations},
		{pattern: "GET " + inRepo + "/commits/{ref}/check-runs", needs: read, do: s.listRuns},
		{pattern: "GET " + inRepo + "/commits/{ref}/check-suites", needs: read, do: s.listSuites},
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
