package web

func (s *Server) personRoutes() []route { return nil }
