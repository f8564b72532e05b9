package capture

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"backrow/capture/segmenter"
	"backrow/capture/whip"
	"backrow/storage"
)

// ownStreams is how many takes one person may send at once: a camera and a screen, and those whose
// line was cut so shortly ago that it may still come back.
const ownStreams = 8

// gatherTime bounds the collection of our own candidates, which are all known beforehand.
const gatherTime = 5 * time.Second

// Publish implements whip.Publisher.
func (s *Server) Publish(ctx context.Context, offer whip.Offer) (whip.Session, error) {
	codecs, err := negotiate(offer.SDP)
	if err != nil {
		return whip.Session{}, err
	}
	recording, err := s.options.Catalogue.Recording(ctx, offer.Recording)
	if err != nil {
		return whip.Session{}, err
	}
	if recording.State != storage.StateRecording {
		return whip.Session{}, storage.Errorf(storage.Conflict,
			"This recording has been stopped: nothing more can be added to it.")
	}
	if err := s.reserve(offer.Take, recording.OwnerID); err != nil {
		return whip.Session{}, err
	}
	t, answer, err := s.openTake(ctx, recording, offer, codecs)
	if err != nil {
		s.mu.Lock()
		delete(s.takes, offer.Take)
		delete(s.owners, offer.Take)
		s.mu.Unlock()
		return whip.Session{}, err
	}
	return whip.Session{ID: t.session, ETag: t.etag, Answer: answer}, nil
}

// reserve takes a place among the streams.
func (s *Server) reserve(id, owner storage.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, have := s.takes[id]
	own := 0
	for _, other := range s.owners {
		if other == owner {
			own++
		}
	}
	switch {
	case s.closed:
		return storage.Errorf(storage.Unavailable,
			"The server is being restarted. Please try again in a moment.")
	case have:
		return storage.Errorf(storage.Conflict, "This take is being received already.")
	case len(s.takes) >= s.options.MaxStreams:
		return storage.Errorf(storage.TooMany, "This server is recording %d lessons, which is as many "+
			"as it is set up for. Please try again later, or tell the operator.", len(s.takes))
	case own >= ownStreams:
		return storage.Errorf(storage.TooMany, "You are recording in %d places already. Please stop one "+
			"of them, or close its page, and try again in half a minute.", own)
	}
	s.takes[id], s.owners[id] = nil, owner
	return nil
}

// openTake makes the take, its connection and the answer.
func (s *Server) openTake(ctx context.Context, recording storage.Recording, offer whip.Offer,
	codecs accepted,
) (*take, string, error) {
	at, err := s.offset(ctx, recording, offer)
	if err != nil {
		return nil, "", err
	}
	log := s.options.Log.With("recording", offer.Recording, "take", offer.Take)
	t := &take{server: s, id: offer.Take, recording: offer.Recording, codecs: codecs, log: log,
		offset: at, session: rand.Text(), etag: `"` + rand.Text() + `"`, // 130 bits each
		ready: make(chan struct{}), quit: make(chan struct{}), ended: make(chan struct{}),
		segmenter: segmenter.New(segmenter.Options{Video: codecs.video != "",
			Audio: codecs.audio != "", Length: s.options.SegmentLength, Reports: at.zero > 0})}
	answer, err := t.connect(ctx, offer.SDP)
	if err != nil {
		return nil, "", err
	}
	now := s.options.Wall()
	begun := storage.At(now)
	row, err := s.options.Catalogue.BeginTake(ctx, storage.Take{ID: offer.Take,
		RecordingID: offer.Recording, Route: storage.RouteLive, Source: offer.Source,
		OffsetMS: at.ms, StartedAt: begun, Node: s.node, Session: hashOf(t.session),
		LeaseUntil: storage.At(now.Add(s.options.terms.lease))})
	if err == nil && (!row.StartedAt.Equal(begun.Time) || row.State != "open") {
		err = storage.Errorf(storage.Conflict, "This take has been used: begin another one.")
	}
	if err == nil {
		err = s.start(t)
	}
	if err != nil {
		close(t.quit)
		t.peer.Close()
		return nil, "", err
	}
	log.Info("capture: take begins", "video", codecs.video, "audio", codecs.audio)
	return t, answer, nil
}

// start puts the take among the others and sets it going, unless the server was closed meanwhile.
func (s *Server) start(t *take) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return storage.Errorf(storage.Unavailable,
			"The server is being restarted. Please try again in a moment.")
	}
	t.keeper = newKeeper(s, t.recording, t.id, t.log)
	s.takes[t.id] = t
	s.metrics.takes.Inc()
	t.work.Go(t.run)
	close(t.ready)
	return nil
}

// connect makes the peer connection and the answer to an offer.
func (t *take) connect(ctx context.Context, offer string) (answer string, err error) {
	api, err := t.server.api(t.codecs)
	if err != nil {
		return "", err
	}
	t.peer, err = api.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{t.server.certificate},
		BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return "", storage.Errorf(storage.Internal, "A connection cannot be made. %w", err)
	}
	defer func() {
		if err != nil {
			t.peer.Close()
		}
	}()
	t.peer.OnTrack(t.track)
	t.peer.OnConnectionStateChange(t.stateChanged)
	if err := t.peer.SetRemoteDescription(webrtc.SessionDescription{
		Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", storage.Errorf(storage.Invalid, "The offer cannot be accepted (%s). %w",
			cause(err), err)
	}
	description, err := t.peer.CreateAnswer(nil)
	if err != nil {
		return "", storage.Errorf(storage.Invalid, "The offer cannot be answered (%s). %w",
			cause(err), err)
	}
	gathered := webrtc.GatheringCompletePromise(t.peer)
	if err := t.peer.SetLocalDescription(description); err != nil {
		return "", storage.Errorf(storage.Invalid, "The offer cannot be answered (%s). %w",
			cause(err), err)
	}
	limit := time.NewTimer(gatherTime)
	defer limit.Stop()
	select {
	case <-gathered:
	case <-limit.C:
	case <-ctx.Done():
		return "", storage.Errorf(storage.Unavailable, "The request ended early. %w", ctx.Err())
	}
	return t.peer.LocalDescription().SDP, nil
}

// stateChanged ends the take when the connection is lost for good. A connection that is only
// disconnected may come back by itself.
func (t *take) stateChanged(state webrtc.PeerConnectionState) {
	t.log.Debug("capture: connection", "state", state)
	switch state {
	case webrtc.PeerConnectionStateFailed:
		t.endLater("connection lost")
	case webrtc.PeerConnectionStateClosed:
		t.endLater("sender closed")
	}
}

// Trickle implements whip.Publisher.
func (s *Server) Trickle(ctx context.Context, take storage.ID, session, etag, fragment string,
) error {
	t, err := s.find(take, session)
	if t == nil && err == nil {
		err = s.elsewhere(ctx, take, session)
	}
	if err != nil {
		return err
	}
	if etag == "*" {
		// RFC 9725, section 4.3.3: a server that restarts no ICE answers 422, and the client makes a
		// new session, which here is a new take of the same recording.
		return storage.Errorf(storage.Invalid, "A connection that is lost is not restarted here: "+
			"begin another take. %w", whip.ErrICERestart)
	}
	if etag != t.etag {
		return storage.Errorf(storage.Invalid, "The session is not in the state that If-Match names. %w",
			whip.ErrPrecondition)
	}
	return t.trickle(fragment)
}

func (t *take) trickle(fragment string) error {
	for _, candidate := range candidates(fragment) {
		if err := t.peer.AddICECandidate(candidate); err != nil {
			return storage.Errorf(storage.Invalid, "A candidate cannot be read: %q. %w",
				candidate.Candidate, err)
		}
	}
	return nil
}

// candidates reads an SDP fragment (RFC 8840, section 9).
func candidates(fragment string) (found []webrtc.ICECandidateInit) {
	var mid, user *string
	for line := range strings.Lines(fragment) {
		line = strings.TrimRight(line, "\r\n")
		switch key, value, _ := strings.Cut(line, ":"); key {
		case "a=mid":
			mid = &value
		case "a=ice-ufrag":
			user = &value
		case "a=candidate":
			found = append(found, webrtc.ICECandidateInit{Candidate: "candidate:" + value,
				SDPMid: mid, UsernameFragment: user})
		}
	}
	return found
}

// EndSession implements whip.Publisher.
func (s *Server) EndSession(ctx context.Context, take storage.ID, session string) error {
	t, err := s.find(take, session)
	switch {
	case err != nil:
		return err
	case t == nil:
		return s.endElsewhere(ctx, take, session)
	}
	t.end("sender ended it", true)
	return nil
}

// find is the take of a session; nil when this node does not serve it.
func (s *Server) find(id storage.ID, session string) (*take, error) {
	t := s.take(id)
	if t != nil && subtle.ConstantTimeCompare([]byte(t.session), []byte(session)) != 1 {
		return nil, noSession()
	}
	return t, nil
}

func noSession() error {
	return storage.Errorf(storage.NotFound, "That session does not exist, or has ended.")
}

// hashOf is what is kept of a session's secret.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
