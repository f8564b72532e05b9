package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"backrow/capture/whip"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

const (
	// resumeWithin is how long an encoder may be away for its next session to go on with the same
	// recording: a router that restarts takes about a minute. After it, it is another lesson.
	resumeWithin = 2 * time.Minute
	// lostAfter without a packet a connection counts as lost: an encoder that ends such a session
	// gave up on its line, and will be back; one that ends a session that still flows was stopped.
	lostAfter = 3 * time.Second
)

// encoderRoutes are the WHIP endpoint (RFC 9725) for encoders that are no browser: OBS, a camera.
// Who sends is told by a stream key in Authorization, never by a session.
func (s *Server) encoderRoutes() []route {
	const endpoint = "/api/whip"
	const session = endpoint + "/{session}"
	return []route{
		{method: http.MethodPost, pattern: endpoint, who: machines(), handle: s.encoder},
		{method: http.MethodOptions, pattern: endpoint, who: machines(), handle: s.encoder},
		{method: http.MethodPatch, pattern: session, who: machines(), handle: s.encoder},
		{method: http.MethodDelete, pattern: session, who: machines(), handle: s.encoder},
		{method: http.MethodOptions, pattern: session, who: machines(), handle: s.encoder},
	}
}

func (s *Server) encoder(w http.ResponseWriter, r *http.Request) error {
	key, err := s.streamKey(r)
	if err != nil {
		if storage.KindOf(err) == storage.Unauthenticated {
			w.Header().Set("WWW-Authenticate", `Bearer realm="Backrow"`) // RFC 6750, section 3
		}
		return err
	}
	traceOf(r.Context()).user = key.UserID
	// What the address does not say: the recording is found by the key.
	r.SetPathValue("id", string(storage.NewID()))
	r.SetPathValue("take", string(storage.NewID()))
	lesson := &encoderLesson{server: s, key: key}
	handler := whip.Handler{Publisher: lesson, Fail: s.fail, Refused: s.refusedOffer}
	handler.ServeHTTP(w, r)
	return nil
}

// streamKey is the key that a request carries, if its owner may still record.
func (s *Server) streamKey(r *http.Request) (review.StreamKey, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return review.StreamKey{}, storage.Errorf(storage.Unauthenticated,
			"This address wants a stream key as its bearer token. Make one on your account page.")
	}
	key, err := s.options.Review.StreamKeyOf(r.Context(), token)
	if err != nil || r.Method == http.MethodDelete {
		return key, err // who may not record any more may still stop
	}
	err = s.options.Policy.May(r.Context(), key.UserID, access.Record, key.ProgramID)
	if storage.KindOf(err) == storage.NotFound {
		err = storage.Errorf(storage.Forbidden, "You are not a member of this key's program any more.")
	}
	return key, err
}

// encoderLesson is what an encoder with a stream key sends to: a recording that begins with its
// first session and goes on with the next, as long as that comes soon. It implements
// whip.Publisher; its sessions are named TAKE.SECRET.
type encoderLesson struct {
	server *Server
	key    review.StreamKey
}

// Publish implements whip.Publisher.
func (l *encoderLesson) Publish(ctx context.Context, offer whip.Offer) (whip.Session, error) {
	o := l.server.options
	recording, fresh, err := l.recording(ctx)
	if err != nil {
		return whip.Session{}, err
	}
	take := storage.NewID()
	session, err := o.Capture.Publish(ctx, whip.Offer{Recording: recording, Take: take, SDP: offer.SDP})
	if err != nil {
		if fresh {
			l.unmake(recording)
		}
		return whip.Session{}, err
	}
	o.Log.LogAttrs(ctx, slog.LevelInfo, "an encoder records", slog.String("key", string(l.key.ID)),
		slog.String("user", string(l.key.UserID)), slog.String("recording", string(recording)),
		slog.String("take", string(take)), slog.Bool("again", !fresh))
	session.ID = string(take) + "." + session.ID
	return session, nil
}

// recording is the one that a new session belongs to: that of the session before, or a fresh one.
func (l *encoderLesson) recording(ctx context.Context) (id storage.ID, fresh bool, err error) {
	o := l.server.options
	title, err := l.server.encoderTitle(l.key)
	if err != nil {
		return "", false, err
	}
	var over storage.ID
	err = o.DB.InTx(ctx, func(tx *storage.Tx) error {
		over, fresh = "", false
		key, err := o.Review.HoldStreamKey(ctx, tx, l.key.ID)
		if err != nil {
			return err
		}
		heard, err := o.Catalogue.LastHeard(ctx, tx, key.RecordingID)
		switch {
		case err != nil && storage.KindOf(err) != storage.NotFound:
			return err
		case err == nil && heard.State == storage.StateRecording:
			if o.Now().Sub(heard.At.Time) < resumeWithin {
				id = key.RecordingID
				return nil
			}
			over = key.RecordingID
		}
		made, err := o.Catalogue.CreateRecording(ctx, tx, storage.Recording{ID: storage.NewID(),
			ProgramID: key.ProgramID, OwnerID: key.UserID, Title: title})
		if err != nil {
			return err
		}
		id, fresh = made.ID, true
		return o.Review.SetStreamKeyRecording(ctx, tx, key.ID, made.ID)
	})
	if err == nil && over != "" {
		l.stop(ctx, over)
	}
	return id, fresh, err
}

// unmake removes a recording whose first session was refused: nobody wants to find it empty.
func (l *encoderLesson) unmake(recording storage.ID) {
	ctx, cancel := context.WithTimeout(context.Background(), bodyTime)
	defer cancel()
	if err := l.server.options.Catalogue.DropEmptyRecording(ctx, recording); err != nil {
		l.server.options.Log.Warn("an empty recording was left behind", "recording", recording,
			"error", err)
	}
}

// stop finishes a recording. When that fails, the recording finishes by itself later.
func (l *encoderLesson) stop(ctx context.Context, recording storage.ID) {
	if _, err := l.server.options.Capture.Stop(ctx, recording, -1); err != nil {
		l.server.options.Log.Warn("an encoder's recording could not be stopped; it ends by itself",
			"recording", recording, "error", err)
	}
}

// Trickle implements whip.Publisher.
func (l *encoderLesson) Trickle(ctx context.Context, _ storage.ID, session, etag, fragment string,
) error {
	take, secret, err := l.own(ctx, session)
	if err != nil {
		return err
	}
	return l.server.options.Capture.Trickle(ctx, take.ID, secret, etag, fragment)
}

// EndSession implements whip.Publisher: the take ends, and with it the lesson. When the line was
// lost before, the encoder is about to try again, and the lesson waits for it.
func (l *encoderLesson) EndSession(ctx context.Context, _ storage.ID, session string) error {
	take, secret, err := l.own(ctx, session)
	if err != nil {
		return err
	}
	lost := take.EndReason == "connection lost" ||
		l.server.options.Capture.Silence(take.ID) > lostAfter
	err = l.server.options.Capture.EndSession(ctx, take.ID, secret)
	if lost {
		return err
	}
	var elsewhere *whip.Elsewhere
	if err != nil && storage.KindOf(err) != storage.NotFound && !errors.As(err, &elsewhere) {
		return err
	}
	// Its sender may have closed the connection before this came, and another node may serve it:
	// stopping the recording ends it all the same.
	_, err = l.server.options.Capture.Stop(ctx, take.RecordingID, -1)
	return err
}

// own takes a session's name apart. One that is not of the key's recording is NotFound.
func (l *encoderLesson) own(ctx context.Context, session string) (storage.Take, string, error) {
	name, secret, _ := strings.Cut(session, ".")
	unknown := storage.Errorf(storage.NotFound, "That session does not exist, or has ended.")
	id, err := storage.ParseID(name)
	if err != nil {
		return storage.Take{}, "", unknown
	}
	take, err := l.server.options.Catalogue.Take(ctx, id)
	if storage.KindOf(err) == storage.NotFound ||
		err == nil && (take.RecordingID != l.key.RecordingID || secret == "") {
		err = unknown
	}
	return take, secret, err
}

// encoderTitle is the title of a lesson that has nobody to name it.
func (s *Server) encoderTitle(key review.StreamKey) (string, error) {
	zone, err := time.LoadLocation(key.Zone)
	if err != nil {
		zone = time.UTC
	}
	now := s.options.Now().In(zone)
	language := s.messages.Match(key.Language, "")
	month, err := s.messages.Text(language, "month."+now.Format("1"))
	if err != nil {
		return "", err
	}
	return s.messages.Text(language, "encoder.title", "day", now.Day(), "month", month,
		"time", now.Format("15:04"))
}

// endEncoders stops what the encoders of a person record who may not sign in any more.
func (s *Server) endEncoders(ctx context.Context, user storage.ID) {
	keys, err := s.options.Review.StreamKeys(ctx, user)
	if err != nil {
		s.options.Log.Warn("a disabled person's encoders could not be looked for", "user", user,
			"error", err)
	}
	for _, key := range keys {
		s.endEncoder(ctx, key)
	}
}

// endEncoder stops what a stream key records.
func (s *Server) endEncoder(ctx context.Context, key review.StreamKey) {
	r, err := s.options.Catalogue.Recording(ctx, key.RecordingID)
	if err != nil || r.State != storage.StateRecording {
		return
	}
	(&encoderLesson{server: s, key: key}).stop(ctx, r.ID)
}
