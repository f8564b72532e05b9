package web

import (
	"context"
	"net/http"
	"strings"

	"backrow/review/access"
	"backrow/storage"
)

// handler answers a request, or says why it cannot; errors.go makes the answer of an error.
type handler func(w http.ResponseWriter, r *http.Request) error

// who says who may use a route. There is no route without one, and the permission table in the
// tests has a row for each.
type who struct {
	open    bool          // anyone, signed in or not
	machine bool          // not a person: no session is read
	action  access.Action // asked of the policy; "" : being signed in is enough
	subject string        // the path value that names what the action is done to
	token   bool          // a capture token of the recording that subject names opens it too
	phone   bool          // and so does a moment token of it
}

// anyone lets everybody in; a session is read if there is one.
func anyone() who { return who{open: true} }

// machines lets everybody in without a look at the session: what probes and scrapers ask.
func machines() who { return who{open: true, machine: true} }

// signedIn lets every signed-in person in; the handler shows them only what is theirs.
func signedIn() who { return who{} }

// may asks the policy whether the viewer may do the action to the subject that the path value
// of that name identifies. The subject "" stands for the installation.
func may(action access.Action, subject string) who {
	return who{action: action, subject: subject}
}

// sends lets in whoever may send takes to the recording that the path value of that name
// identifies, and whoever holds a capture token of it: a laptop whose sign-in has expired.
func sends(recording string) who {
	return who{action: access.Capture, subject: recording, token: true}
}

// route is one row of the table of routes.
type route struct {
	method  string
	pattern string // a path pattern of http.ServeMux, without method and host
	who     who
	handle  handler
	form    int64 // the most bytes of a body; 0: maxForm
}

// routes are all routes of the server. Each area lists its own in the file of its handlers.
func (s *Server) routes() []route {
	var all []route
	for _, area := range [][]route{
		s.machineRoutes(),
		s.offlineRoutes(),
		s.signInRoutes(),
		s.invitationRoutes(),
		s.accountRoutes(),
		s.homeRoutes(),
		s.programRoutes(),
		s.frameworkRoutes(),
		s.pairingRoutes(),
		s.personRoutes(),
		s.adminRoutes(),
		s.recorderRoutes(),
		s.captureRoutes(),
		s.blobRoutes(),
		s.encoderRoutes(),
		s.streamKeyRoutes(),
		s.momentRoutes(),
		s.attachmentRoutes(),
		s.feedRoutes(),
		s.roomRoutes(),
		s.mediaRoutes(),
		s.reportRoutes(),
	} {
		all = append(all, area...)
	}
	return all
}

// operations adds the JSON API's operations to the table, area by area.
func (s *Server) operations() {
	s.peopleOperations()
	s.recordingOperations()
	s.localOperations()
	s.processingOperations()
	s.timelineOperations()
	s.annotationOperations()
	s.momentOperations()
	s.attachmentOperations()
	s.shareOperations()
}

// Routes lists every route of the table as METHOD PATTERN, in the order of being mounted.
func (s *Server) Routes() []string {
	all := make([]string, len(s.table))
	for i, rt := range s.table {
		all[i] = rt.method + " " + rt.pattern
	}
	return all
}

// mount puts a route behind the checks that its row asks for.
func (s *Server) mount(mux *http.ServeMux, rt route) {
	s.table = append(s.table, rt)
	secret := strings.Contains(rt.pattern, "{token}")
	mux.HandleFunc(rt.method+" "+rt.pattern, func(w http.ResponseWriter, r *http.Request) {
		trace := traceOf(r.Context())
		trace.pattern, trace.secret = rt.pattern, secret
		limit := rt.form
		if limit == 0 {
			limit = maxForm
		}
		if !isAPI(r) {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		if err := s.admit(w, r, rt); err != nil {
			s.fail(w, r, err)
		}
	})
}

// admit reads the session, asks whether the viewer may use the route, and if so serves it.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, rt route) error {
	if rt.who.machine {
		traceOf(r.Context()).admitted = true
		return rt.handle(w, r)
	}
	if secret, ok := bearer(r); ok && rt.who.token {
		return s.admitToken(w, r, rt, secret)
	} else if ok && rt.who.phone {
		return s.admitPhone(w, r, rt, secret)
	}
	r, err := s.withSession(w, r)
	if err != nil {
		return err
	}
	if err := s.allowed(r.Context(), r, rt.who); err != nil {
		// The error page is made for the viewer, whom only this request knows.
		s.fail(w, r, err)
		return nil
	}
	traceOf(r.Context()).admitted = true
	if err := rt.handle(w, r); err != nil {
		s.fail(w, r, err)
	}
	return nil
}

// admitToken serves a request that brings a token. The token alone decides: no session is read, so
// that on a shared laptop one person's lesson is not sent in another's name.
func (s *Server) admitToken(w http.ResponseWriter, r *http.Request, rt route, secret string) error {
	ctx := r.Context()
	recording, err := pathID(r, rt.who.subject)
	if err != nil {
		return err
	}
	user, err := s.options.Catalogue.CaptureTokenUser(ctx, secret, recording, s.options.Now())
	if err != nil {
		return err
	}
	if err := s.options.Policy.May(ctx, user, rt.who.action, recording); err != nil {
		return err
	}
	trace := traceOf(ctx)
	trace.user, trace.admitted = user, true
	return rt.handle(w, r)
}

// bearer is the token that a request brings in its Authorization header (RFC 6750, section 2.1).
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

func (s *Server) allowed(ctx context.Context, r *http.Request, w who) error {
	if w.open {
		return nil
	}
	viewer, ok := viewerOf(ctx)
	if !ok {
		return storage.Errorf(storage.Unauthenticated, "Please sign in to go on.")
	}
	if w.action == "" {
		return nil
	}
	var subject storage.ID
	if w.subject != "" {
		id, err := storage.ParseID(r.PathValue(w.subject))
		if err != nil {
			// What is not an id names nothing.
			return storage.Errorf(storage.NotFound, "There is nothing at this address. %w", err)
		}
		subject = id
	}
	return s.options.Policy.May(ctx, viewer.ID, w.action, subject)
}

// pathID is the path value of that name as an id. What is not an id names nothing: NotFound.
func pathID(r *http.Request, name string) (storage.ID, error) {
	id, err := storage.ParseID(r.PathValue(name))
	if err != nil {
		return "", storage.Errorf(storage.NotFound, "There is nothing at this address. %w", err)
	}
	return id, nil
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// fallback answers what no route answers: 405 where another method would be, 404 elsewhere.
func (s *Server) fallback(mux *http.ServeMux) handler {
	methods := []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
	return func(w http.ResponseWriter, r *http.Request) error {
		var allowed []string
		for _, method := range methods {
			probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
			if _, pattern := mux.Handler(probe); pattern != "" && pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return errMethod
		}
		return storage.Errorf(storage.NotFound, "There is nothing at this address.")
	}
}
