package web

import (
	"context"
	"net/http"

	"backrow/annotate/socket"
	"backrow/review/access"
	"backrow/storage"
)

// gate lets the feed ask the policy, whose actions have a type of their own.
type gate struct{ policy *access.Policy }

func (g gate) May(ctx context.Context, user storage.ID, action string, recording storage.ID) error {
	return g.policy.May(ctx, user, access.Action(action), recording)
}

// newFeed is the socket of the marks, or nil where there are none to carry.
func (s *Server) newFeed() *socket.Handler {
	o := s.options
	if o.Marks == nil {
		return nil
	}
	options := socket.Options{
		Log: o.Marks, Gate: gate{o.Policy}, Viewer: s.follower, Refuse: s.fail,
		Logger: o.Log, Metrics: o.Registry,
	}
	if o.PublicURL != nil {
		options.Origins = []string{origin(o.PublicURL)}
	}
	return socket.New(options)
}

// follower is the viewer as the feed knows them: it outlives the request, so it is told how to see
// whether the session goes on.
func (s *Server) follower(r *http.Request) (socket.Viewer, error) {
	v, ok := viewerOf(r.Context())
	if !ok {
		return socket.Viewer{}, storage.Errorf(storage.Unauthenticated, "Please sign in to go on.")
	}
	return socket.Viewer{ID: v.ID, Ends: s.SessionEnds(r), Still: s.stillSignedIn(r, v)}, nil
}

func (s *Server) stillSignedIn(r *http.Request, v Viewer) func(context.Context) error {
	token := cookie(r, s.sessions.Cookie.Name)
	return func(ctx context.Context) error {
		session, err := s.sessions.Load(ctx, token)
		if err != nil {
			return err
		}
		user, err := s.options.Review.User(ctx, v.ID)
		if err != nil {
			return err
		}
		if s.sessions.GetString(session, keyUser) != string(v.ID) ||
			user.SessionEpoch != v.SessionEpoch || !user.DisabledAt.IsZero() {
			return storage.Errorf(storage.Unauthenticated, "Please sign in to go on.")
		}
		return nil
	}
}

// feedRoutes are the websocket of a recording's marks. It asks the policy itself: browsers do not
// tell a script why a handshake failed, so who may not join is let in and told by a close code.
func (s *Server) feedRoutes() []route {
	return []route{{method: http.MethodGet, pattern: "/api/recordings/{id}/live-feed",
		who: anyone(), handle: s.liveFeed}}
}

func (s *Server) liveFeed(w http.ResponseWriter, r *http.Request) error {
	s.feed.ServeHTTP(w, r)
	return nil
}

// Revoke ends what a user has open of a recording and may not see any more; an empty user means
// everybody, an empty recording all of them.
func (s *Server) Revoke(ctx context.Context, user, recording storage.ID) {
	if s.feed != nil {
		s.feed.Revoke(ctx, user, recording)
	}
}

// Close sends everyone who follows a feed away, to come back later. Requests are the http.Server's
// to end.
func (s *Server) Close(ctx context.Context) error {
	if s.feed == nil {
		return nil
	}
	return s.feed.Close(ctx)
}
