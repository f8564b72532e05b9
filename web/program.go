package web

func (s *Server) programRoutes() []route { return nil }
