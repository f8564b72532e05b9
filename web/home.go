package web

import "net/http"

func (s *Server) homeRoutes() []route {
	return []route{
		{method: "GET", pattern: "/{$}", who: signedIn(), handle: s.home},
	}
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "home", nil)
}
