package web

import (
	"net/http"

	"backrow/review"
	"backrow/storage"
)

// streamKeyRoutes are the page on which a person makes the keys of encoders that are no browser.
func (s *Server) streamKeyRoutes() []route {
	again := func(w http.ResponseWriter, r *http.Request, err error) error {
		return s.showStreamKeys(w, r, refused(r, "key", err))
	}
	return []route{
		{method: "GET", pattern: "/account/encoders", who: signedIn(), handle: s.streamKeys},
		{method: "POST", pattern: "/account/encoders", who: signedIn(),
			handle: s.action(s.addStreamKey, again)},
		{method: "POST", pattern: "/account/encoders/{key}/remove", who: signedIn(),
			handle: s.action(s.removeStreamKey, again)},
	}
}

// streamKeysPage lists one's own keys, and shows the one that was just made.
type streamKeysPage struct {
	Form     form
	Keys     []review.StreamKey
	Programs []review.Member
	Most     int
	Endpoint string
	Made     string // the secret of a key made just now
}

const keyStreamSecret = "stream_key"

func (s *Server) streamKeys(w http.ResponseWriter, r *http.Request) error {
	return s.showStreamKeys(w, r, form{})
}

func (s *Server) showStreamKeys(w http.ResponseWriter, r *http.Request, f form) error {
	ctx, me := r.Context(), viewer(r).ID
	keys, err := s.options.Review.StreamKeys(ctx, me)
	if err != nil {
		return err
	}
	programs, err := s.options.Review.Programs(ctx, me)
	if err != nil {
		return err
	}
	return s.show(w, r, f, "encoders", streamKeysPage{Form: f, Keys: keys, Programs: programs,
		Most: review.MaxStreamKeys, Endpoint: s.address(r, "/api/whip"),
		Made: s.sessions.PopString(ctx, keyStreamSecret)})
}

func (s *Server) addStreamKey(w http.ResponseWriter, r *http.Request) error {
	id, err := postedID(r)
	if err != nil {
		return err
	}
	program, err := storage.ParseID(r.PostForm.Get("program"))
	if err != nil {
		return storage.Errorf(storage.Invalid, "Please choose a program. %w", err)
	}
	_, secret, err := s.options.Review.AddStreamKey(r.Context(), viewer(r).ID, review.NewStreamKey{
		ID: id, ProgramID: program, Name: r.PostForm.Get("name"), Language: s.language(r),
		Zone: zone(r).String()})
	if err != nil {
		return err
	}
	s.sessions.Put(r.Context(), keyStreamSecret, secret)
	return redirect(w, r, "/account/encoders")
}

func (s *Server) removeStreamKey(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "key")
	if err != nil {
		return err
	}
	gone, err := s.options.Review.RemoveStreamKey(r.Context(), viewer(r).ID, id)
	if err != nil {
		return err
	}
	s.endEncoder(r.Context(), gone)
	s.notice(r, "encoders.removed", "name", gone.Name)
	return redirect(w, r, "/account/encoders")
}
