package web_test

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"backrow/capture"
	"backrow/capture/encoder"
	"backrow/review"
	"backrow/storage"
	"backrow/storage/objects/objectstest"
	"backrow/web"
)

func (idle) Silence(storage.ID) time.Duration { return 0 }

func (idle) EndOf(context.Context, storage.ID) error { return nil }

func (played) Silence(storage.ID) time.Duration { return 0 }

// obsOffer has the form of what OBS 30.2 sends: neither candidates nor feedback for the sound.
//
//go:embed testdata/obs-offer.sdp
var obsOffer string

// recordingSite is a site that records, with a stream key of the owner.
type recordingSite struct {
	*site
	cat *storage.Catalogue
	key review.StreamKey
	ask *browser // that sends the key
}

func newRecordingSite(t *testing.T) *recordingSite {
	t.Helper()
	st := &recordingSite{}
	st.site = newSite(t, func(o *web.Options) {
		server, err := capture.New(capture.Options{Catalogue: o.Catalogue, Objects: objectstest.Embedded(t),
			Spool: filepath.Join(t.TempDir(), "spool"), ListenIPs: []string{"127.0.0.1"}, Log: o.Log})
		check(t, err)
		t.Cleanup(func() {
			if err := server.Close(t.Context()); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		o.Capture = server
	})
	st.cat = storage.NewCatalogue(st.db)
	st.key, st.ask = st.newKey("owner", "OBS in room 12")
	return st
}

// newKey is a stream key of somebody's, and what sends it.
func (st *recordingSite) newKey(who, name string) (review.StreamKey, *browser) {
	st.t.Helper()
	key, token, err := st.review.AddStreamKey(st.t.Context(), st.id(who), review.NewStreamKey{
		ProgramID: st.program.ID, Name: name, Language: "es", Zone: "Europe/Madrid"})
	check(st.t, err)
	ask := st.browser()
	ask.header.Set("Authorization", "Bearer "+token)
	return key, ask
}

// clip is made once for all tests.
var clip = sync.OnceValues(func() (*encoder.Clip, error) {
	return encoder.Render(context.Background(), encoder.ClipOptions{FFmpeg: "ffmpeg", Width: 320, Height: 180,
		BitsPerSecond: 200_000, Length: 3 * time.Second})
})

// publish posts an encoder's offer and connects it.
func (st *recordingSite) publish() (*encoder.Encoder, string) {
	st.t.Helper()
	pictures, err := clip()
	check(st.t, err)
	e, err := encoder.New(pictures)
	check(st.t, err)
	st.t.Cleanup(func() { e.Close() }) //nolint:errcheck // closed before, most often
	made := st.ask.send(http.MethodPost, "/api/whip", "application/sdp", e.Offer())
	if made.StatusCode != http.StatusCreated {
		st.t.Fatalf("the offer was answered with %d: %s", made.StatusCode, made.body)
	}
	check(st.t, e.Answer(st.t.Context(), made.body))
	return e, made.Header.Get("Location")
}

// recorded is what the key records, or recorded last, and how many takes that has.
func (st *recordingSite) recorded() (storage.Recording, int) {
	st.t.Helper()
	keys, err := st.review.StreamKeys(st.t.Context(), st.id("owner"))
	check(st.t, err)
	r, err := st.cat.Recording(st.t.Context(), keys[0].RecordingID)
	check(st.t, err)
	takes, err := st.cat.Takes(st.t.Context(), r.ID)
	check(st.t, err)
	return r, len(takes)
}

func (st *recordingSite) count() (n int) {
	st.t.Helper()
	check(st.t, st.db.Get(st.t.Context(), &n, `SELECT COUNT(*) FROM recordings`))
	return n
}

// ended waits until no take of a recording is open any more.
func (st *recordingSite) ended(recording storage.ID) {
	st.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var open int
		check(st.t, st.db.Get(st.t.Context(), &open,
			`SELECT COUNT(*) FROM takes WHERE recording_id = ? AND state = 'open'`, recording))
		if open == 0 {
			return
		}
		if time.Now().After(deadline) {
			st.t.Fatal("a take was not ended in a minute")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestEncoder records with a WHIP client that is no browser, over HTTP: begun, cut, gone on with,
// and stopped.
func TestEncoder(t *testing.T) {
	st := newRecordingSite(t)
	first, location := st.publish()
	if !strings.HasPrefix(location, "/api/whip/") {
		t.Fatalf("the session is at %q", location)
	}
	first.Send(t.Context(), 2500*time.Millisecond)
	r, takes := st.recorded()
	at := st.clock.Now().In(madrid(t))
	want := fmt.Sprintf("Clase del %d de %s, %s", at.Day(), spanish[at.Month()-1], at.Format("15:04"))
	if r.OwnerID != st.id("owner") || r.Title != want || takes != 1 {
		t.Errorf("it records %q with %d takes, want %q", r.Title, takes, want)
	}
	if shares, err := st.review.Shares(t.Context(), r.ID); err != nil || len(shares) > 0 {
		t.Errorf("it is shared with %v, %v", shares, err)
	}

	// Somebody else's key opens nothing of it.
	_, other := st.newKey("other", "A camera")
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		other.header.Set("If-Match", `"x"`)
		got := other.send(method, location, "application/trickle-ice-sdpfrag", "a=mid:0")
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s with another's key: %d", method, got.StatusCode)
		}
	}

	// The cable is pulled, and the encoder comes back: the same lesson, another take.
	check(t, first.Close())
	st.ended(r.ID)
	second, location := st.publish()
	if again, takes := st.recorded(); again.ID != r.ID || takes != 2 {
		t.Errorf("after a cut it records %q with %d takes", again.Title, takes)
	}
	second.Send(t.Context(), 1500*time.Millisecond)
	if got := st.ask.send(http.MethodDelete, location, "", ""); got.StatusCode != http.StatusOK {
		t.Errorf("stopping it: %d %s", got.StatusCode, got.body)
	}
	r, _ = st.recorded()
	if r.State != storage.StateReady || r.DurationMS < 3000 {
		t.Errorf("after the encoder stopped it is %s with %d ms", r.State, r.DurationMS)
	}

	// Stopped and begun again is another lesson, and so is coming back after a long time.
	third, _ := st.publish()
	next, _ := st.recorded()
	if next.ID == r.ID {
		t.Error("a lesson that was stopped went on")
	}
	third.Send(t.Context(), 500*time.Millisecond)
	check(t, third.Close())
	st.ended(next.ID)
	st.clock.advance(3 * time.Minute)
	fourth, location := st.publish()
	last, _ := st.recorded()
	if last.ID == next.ID {
		t.Error("a lesson went on after three minutes")
	}
	if left, err := st.cat.Recording(t.Context(), next.ID); err != nil || left.State == storage.StateRecording {
		t.Errorf("the lesson before it is still %s, %v", left.State, err)
	}

	// A key that is removed records no more.
	fourth.Send(t.Context(), 500*time.Millisecond)
	got := st.as("owner").post("/account/encoders/"+string(st.key.ID)+"/remove", nil)
	if got.StatusCode != http.StatusSeeOther {
		t.Errorf("removing the key: %d %s", got.StatusCode, got.body)
	}
	if left, err := st.cat.Recording(t.Context(), last.ID); err != nil || left.State == storage.StateRecording {
		t.Errorf("with its key removed the lesson is still %s, %v", left.State, err)
	}
	for method, path := range map[string]string{http.MethodPost: "/api/whip", http.MethodDelete: location} {
		if got := st.ask.send(method, path, "application/sdp", "v=0"); got.StatusCode != http.StatusUnauthorized ||
			!strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s with a removed key: %d", method, got.StatusCode)
		}
	}
}

// TestEncoderRefused leaves nothing behind.
func TestEncoderRefused(t *testing.T) {
	st := newRecordingSite(t)
	offer := strings.ReplaceAll(obsOffer, "\n", "\r\n")
	stranger := st.browser()
	stranger.header.Set("Authorization", "Bearer brs_"+strings.Repeat("A", 43))
	basic := st.browser()
	basic.header.Set("Authorization", "Basic b3duZXI6b3duZXI=")
	for _, c := range []struct {
		name      string
		who       *browser
		mediaType string
		body      string
		want      int
	}{
		{"no key", st.as("owner"), "application/sdp", offer, 401}, // a session is no key
		{"unknown key", stranger, "application/sdp", offer, 401},
		{"another scheme", basic, "application/sdp", offer, 401},
		{"not SDP", st.ask, "application/json", "{}", 415},
		{"no offer", st.ask, "application/sdp", "hello", 400},
		{"codecs unknown", st.ask, "application/sdp",
			strings.ReplaceAll(strings.ReplaceAll(offer, "H264", "H265"), "opus", "speex"), 406},
		{"a whole novel", st.ask, "application/sdp", "v=0" + strings.Repeat("a=x\r\n", 1<<16), 413},
	} {
		if got := c.who.send(http.MethodPost, "/api/whip", c.mediaType, c.body); got.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.StatusCode, c.want, got.body)
		}
	}
	if n := st.count(); n > 0 {
		t.Errorf("%d recordings were left behind", n)
	}
	for _, session := range []string{"x", string(storage.NewID()), string(storage.NewID()) + ".x"} {
		if got := st.ask.send(http.MethodDelete, "/api/whip/"+session, "", ""); got.StatusCode != http.StatusNotFound {
			t.Errorf("a session %q that is none: %d", session, got.StatusCode)
		}
	}

	got := st.ask.send(http.MethodPost, "/api/whip", "application/sdp", offer)
	if got.StatusCode != http.StatusCreated || strings.Count(got.body, "a=recvonly") != 2 ||
		!strings.Contains(got.body, "H264/90000") || !strings.Contains(got.body, "opus/48000") ||
		!strings.Contains(got.body, "a=candidate") {
		t.Errorf("OBS's offer: %d\n%s", got.StatusCode, got.body)
	}

	// Who may not sign in any more records no more.
	if got := st.as("operator").post("/admin/people/"+string(st.id("owner"))+"/disable", nil); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("disable: %d %s", got.StatusCode, got.body)
	}
	if r, _ := st.recorded(); r.State == storage.StateRecording {
		t.Error("the encoder of a disabled person still records")
	}
	if got := st.ask.send(http.MethodPost, "/api/whip", "application/sdp", offer); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("as a disabled person: %d", got.StatusCode)
	}
}

var spanish = strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre " +
	"noviembre diciembre")

func madrid(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Madrid")
	check(t, err)
	return zone
}
