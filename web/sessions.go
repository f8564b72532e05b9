package web

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"backrow/review"
	"backrow/storage"
)

// What a session holds.
const (
	keyUser   = "user"
	keyEpoch  = "epoch" // users.session_epoch when it began
	keySeen   = "seen"  // Unix seconds of a request not long ago
	keyNotice = "notice"
)

// signedInBefore is a cookie without a secret: it tells a session that has ended from none.
const signedInBefore = "backrow_before"

// sessionStore keeps scs's sessions in the database. The tokens that reach it are hashes.
type sessionStore struct{ db *storage.DB }

const findSession = `SELECT data FROM sessions WHERE token_hash = ? AND expires_at > ?`

// FindCtx implements scs.CtxStore.
func (st *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var text string
	err := st.db.Get(ctx, &text, findSession, token, storage.Now())
	if storage.KindOf(err) == storage.NotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	return data, err == nil, err
}

const commitSession = `INSERT INTO sessions (token_hash, data, expires_at) VALUES (?, ?, ?)
ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`

// CommitCtx implements scs.CtxStore.
func (st *sessionStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	_, err := st.db.Exec(ctx, commitSession, token, base64.StdEncoding.EncodeToString(b),
		storage.At(expiry))
	return err
}

// DeleteCtx implements scs.CtxStore.
func (st *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	_, err := st.db.Exec(ctx, `DELETE FROM sessions WHERE token_hash = ?`, token)
	return err
}

// Find, Commit and Delete implement scs.Store, whose context forms are the ones that scs calls.
func (st *sessionStore) Find(token string) ([]byte, bool, error) {
	return st.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (st *sessionStore) Commit(token string, b []byte, expiry time.Time) error {
	return st.CommitCtx(context.Background(), token, b, expiry)
}

// Delete implements scs.Store.
func (st *sessionStore) Delete(token string) error {
	return st.DeleteCtx(context.Background(), token)
}

func (st *sessionStore) sweep(ctx context.Context, now storage.Time) error {
	_, err := st.db.Exec(ctx, `DELETE FROM sessions WHERE expires_at <= ?`, now)
	return err
}

func (s *Server) newSessions() {
	s.store = &sessionStore{db: s.options.DB}
	// Not scs.New: it starts a store in memory, with a goroutine that cannot be ended surely.
	m := &scs.SessionManager{Store: s.store, Codec: scs.GobCodec{}}
	m.HashTokenInStore = true
	m.Lifetime = s.options.SessionLife
	// scs would write the session at every request to count idle time: a commit for each media
	// segment. seen does it once in a while instead; see withSession.
	m.IdleTimeout = 0
	m.Cookie.Name = "backrow"
	if s.secure() {
		m.Cookie.Name = "__Host-backrow"
	}
	m.Cookie.Secure = s.secure()
	m.Cookie.Path = "/"
	m.Cookie.Persist = true
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	s.sessions = m
}

// touchShare is the part of the idle time after which a request is worth a write.
const touchShare = 20

// withSession reads the session that the request's cookie names, and has it written, where it
// has changed, before the headers of the answer leave. The viewer, if there is one, is in the
// context of the request that it returns.
func (s *Server) withSession(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	token := ""
	if cookie, err := r.Cookie(s.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	ctx, err := s.sessions.Load(r.Context(), token)
	if err != nil {
		return r, cannotLookUp(err)
	}
	if out, ok := w.(*answer); ok {
		out.beforeHeaders(func(http.Header) { s.keepSession(ctx, w) })
	}
	ctx = context.WithValue(ctx, sessionRead{}, true)
	viewer, ok, err := s.lookUp(ctx)
	if err != nil {
		return r, cannotLookUp(err)
	}
	if ok {
		traceOf(ctx).user = viewer.ID
		ctx = context.WithValue(ctx, viewerKey{}, viewer)
	}
	return r.WithContext(ctx), nil
}

func cannotLookUp(err error) error {
	return storage.Errorf(storage.Unavailable,
		"The server cannot look you up just now. Please try again in a moment. %w", err)
}

// lookUp is who the session belongs to. A session that was unused too long, or began before the
// person's password changed, is ended here. Not to know is an error: nobody is signed out, and no
// laptop forgets its recorder, because a database was away for a moment.
func (s *Server) lookUp(ctx context.Context) (Viewer, bool, error) {
	id := storage.ID(s.sessions.GetString(ctx, keyUser))
	if id == "" {
		return Viewer{}, false, nil
	}
	now := s.options.Now()
	idle := now.Sub(time.Unix(s.sessions.GetInt64(ctx, keySeen), 0))
	if idle > s.options.SessionIdle {
		s.endSession(ctx)
		return Viewer{}, false, nil
	}
	user, err := s.options.Review.User(ctx, id)
	if storage.KindOf(err) == storage.NotFound {
		s.endSession(ctx)
		return Viewer{}, false, nil
	}
	if err != nil {
		return Viewer{}, false, err
	}
	if user.SessionEpoch != s.sessions.GetInt64(ctx, keyEpoch) || !user.DisabledAt.IsZero() {
		s.endSession(ctx)
		return Viewer{}, false, nil
	}
	if idle > s.options.SessionIdle/touchShare {
		s.sessions.Put(ctx, keySeen, now.Unix())
	}
	return Viewer{User: user}, true, nil
}

func (s *Server) endSession(ctx context.Context) {
	if err := s.sessions.Destroy(ctx); err != nil {
		s.options.Log.Warn("a session could not be removed", "error", err)
	}
}

// keepSession stores a session that has changed and sends its cookie.
func (s *Server) keepSession(ctx context.Context, w http.ResponseWriter) {
	// The person may have closed the page: what the session became must be stored all the same.
	ctx = context.WithoutCancel(ctx)
	switch s.sessions.Status(ctx) {
	case scs.Modified:
		token, expiry, err := s.sessions.Commit(ctx)
		if err != nil {
			s.options.Log.Error("a session could not be stored", "error", err)
			return
		}
		s.sessions.WriteSessionCookie(ctx, w, token, expiry)
	case scs.Destroyed:
		s.sessions.WriteSessionCookie(ctx, w, "", time.Time{})
	}
}

// hasSession reports whether the session of a request has been read.
func (s *Server) hasSession(r *http.Request) bool {
	return r.Context().Value(sessionRead{}) != nil
}

type sessionRead struct{}

// signIn begins a session for a person, under a new token.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request, user review.User) error {
	ctx := r.Context()
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, keyUser, string(user.ID))
	s.sessions.Put(ctx, keyEpoch, user.SessionEpoch)
	s.sessions.Put(ctx, keySeen, s.options.Now().Unix())
	s.setCookie(w, signedInBefore, "1")
	return nil
}

// notice leaves a sentence for the next page that this person sees.
func (s *Server) notice(r *http.Request, key string, pairs ...any) {
	text, err := s.messages.Text(s.language(r), key, pairs...)
	if err != nil {
		s.options.Log.Error("a notice has no text", "error", err)
		return
	}
	s.sessions.Put(r.Context(), keyNotice, text)
}

// SessionEnds is when the session of a request ends at the latest, if it is not used again.
func (s *Server) SessionEnds(r *http.Request) time.Time {
	ctx := r.Context()
	idle := time.Unix(s.sessions.GetInt64(ctx, keySeen), 0).Add(s.options.SessionIdle)
	if end := s.sessions.Deadline(ctx); end.Before(idle) {
		return end
	}
	return idle
}
