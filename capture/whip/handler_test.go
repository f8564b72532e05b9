package whip_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"backrow/capture/whip"
	"backrow/storage"
)

const (
	id    = "01a20254-ddef-70ca-ae87-a0b3cfc5af0e"
	other = "01a20254-ddf0-73dc-97c2-438763b0181e"
	base  = "/api/recordings/" + id + "/takes/" + other + "/whip"
)

// publisher answers with what it is told to.
type publisher struct {
	err    error
	offers []whip.Offer
}

func (p *publisher) Publish(_ context.Context, o whip.Offer) (whip.Session, error) {
	p.offers = append(p.offers, o)
	return whip.Session{ID: "secret", Answer: "v=0 answer", ETag: `"tag"`}, p.err
}

func (p *publisher) Trickle(_ context.Context, _ storage.ID, session, etag, _ string) error {
	switch {
	case session != "secret":
		return storage.Errorf(storage.NotFound, "no")
	case etag == "*":
		return storage.Errorf(storage.Invalid, "no restart %w", whip.ErrICERestart)
	case etag != `"tag"`:
		return storage.Errorf(storage.Invalid, "another %w", whip.ErrPrecondition)
	}
	return p.err
}

func (p *publisher) EndSession(_ context.Context, _ storage.ID, session string) error {
	if session != "secret" {
		return storage.Errorf(storage.NotFound, "no")
	}
	return p.err
}

func serve(p *publisher) http.Handler {
	kinds := map[storage.Kind]int{storage.Invalid: 400, storage.Conflict: 409, storage.NotFound: 404,
		storage.TooMany: 503, storage.Unavailable: 503, storage.Internal: 500}
	h := &whip.Handler{Publisher: p, Fail: func(w http.ResponseWriter, r *http.Request, err error) {
		http.Error(w, storage.MessageOf(err), kinds[storage.KindOf(err)])
	}}
	mux := http.NewServeMux()
	mux.Handle("/api/recordings/{id}/takes/{take}/whip", h)
	mux.Handle("/api/recordings/{id}/takes/{take}/whip/{session}", h)
	return mux
}

func TestRequests(t *testing.T) {
	tests := []struct {
		name, method, path, media, body, match string
		err                                    error
		want                                   int
	}{
		{name: "offer", method: "POST", path: base, media: "application/sdp", body: "v=0", want: 201},
		{name: "offer with parameters", method: "POST", path: base + "?offset_ms=1500&source=screen",
			media: "application/sdp; charset=utf-8", body: "v=0", want: 201},
		{name: "no media type", method: "POST", path: base, body: "v=0", want: 415},
		{name: "JSON", method: "POST", path: base, media: "application/json", body: "{}", want: 415},
		{name: "not SDP", method: "POST", path: base, media: "application/sdp", body: "hello", want: 400},
		{name: "empty", method: "POST", path: base, media: "application/sdp", want: 400},
		{name: "too large", method: "POST", path: base, media: "application/sdp",
			body: "v=0" + strings.Repeat("x", 64<<10), want: 413},
		{name: "offset that is none", method: "POST", path: base + "?offset_ms=-1",
			media: "application/sdp", body: "v=0", want: 400},
		{name: "offer with a zero", method: "POST", path: base + "?offset_ms=0&zero_unix_ms=1767225600123.4",
			media: "application/sdp", body: "v=0", want: 201},
		{name: "zero that is none", method: "POST", path: base + "?zero_unix_ms=NaN",
			media: "application/sdp", body: "v=0", want: 400},
		{name: "zero in nanoseconds", method: "POST", path: base + "?zero_unix_ms=1767225600000000000",
			media: "application/sdp", body: "v=0", want: 400},
		{name: "source that is none", method: "POST", path: base + "?source=moon",
			media: "application/sdp", body: "v=0", want: 400},
		{name: "take that is no id", method: "POST", path: "/api/recordings/" + id + "/takes/7/whip",
			media: "application/sdp", body: "v=0", want: 400},
		{name: "codec unknown", method: "POST", path: base, media: "application/sdp", body: "v=0",
			err: storage.Errorf(storage.Invalid, "No codec. %w", whip.ErrNotAcceptable), want: 406},
		{name: "stopped", method: "POST", path: base, media: "application/sdp", body: "v=0",
			err: storage.Errorf(storage.Conflict, "Stopped."), want: 409},
		{name: "too many", method: "POST", path: base, media: "application/sdp", body: "v=0",
			err: storage.Errorf(storage.TooMany, "Full."), want: 503},
		{name: "defect", method: "POST", path: base, media: "application/sdp", body: "v=0",
			err: errors.New("secret detail"), want: 500},
		{name: "GET", method: "GET", path: base, want: 405},
		{name: "PUT on a session", method: "PUT", path: base + "/secret", want: 405},
		{name: "options", method: "OPTIONS", path: base, want: 200},
		{name: "trickle", method: "PATCH", path: base + "/secret", match: `"tag"`,
			media: "application/trickle-ice-sdpfrag", body: "a=candidate:1", want: 204},
		{name: "trickle without If-Match", method: "PATCH", path: base + "/secret",
			media: "application/trickle-ice-sdpfrag", body: "a", want: 428},
		{name: "trickle to another", method: "PATCH", path: base + "/secret", match: `"old"`,
			media: "application/trickle-ice-sdpfrag", body: "a", want: 412},
		{name: "restart of ICE", method: "PATCH", path: base + "/secret", match: "*",
			media: "application/trickle-ice-sdpfrag", body: "a", want: 422},
		{name: "trickle of another type", method: "PATCH", path: base + "/secret", match: `"tag"`,
			media: "application/sdp", body: "a", want: 415},
		{name: "trickle to nobody", method: "PATCH", path: base + "/guess", match: `"tag"`,
			media: "application/trickle-ice-sdpfrag", body: "a", want: 404},
		{name: "at another node", method: "PATCH", path: base + "/secret?x=1", match: `"tag"`,
			media: "application/trickle-ice-sdpfrag", body: "a", want: 307,
			err: fmt.Errorf("no: %w", &whip.Elsewhere{URL: "https://b.example"})},
		{name: "end", method: "DELETE", path: base + "/secret", want: 200},
		{name: "end of nothing", method: "DELETE", path: base + "/guess", want: 404},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.media)
			r.Header.Set("If-Match", test.match)
			w := httptest.NewRecorder()
			serve(&publisher{err: test.err}).ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("status %d, want %d: %s", w.Code, test.want, w.Body)
			}
			if to := w.Header().Get("Location"); w.Code == 307 && to != "https://b.example"+test.path {
				t.Errorf("sent on to %q", to)
			}
			if w.Code >= 400 && (w.Body.Len() < 3 || strings.Contains(w.Body.String(), "secret detail")) {
				t.Errorf("said %q", w.Body)
			}
		})
	}
}

func TestCreated(t *testing.T) {
	p := &publisher{}
	r := httptest.NewRequest("POST", base+"?offset_ms=1500&zero_unix_ms=1767225600123.25", strings.NewReader("v=0 offer"))
	r.Header.Set("Content-Type", "application/sdp")
	w := httptest.NewRecorder()
	serve(p).ServeHTTP(w, r)
	for name, want := range map[string]string{"Location": base + "/secret", "ETag": `"tag"`,
		"Content-Type": "application/sdp", "Cache-Control": "no-store"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if o := p.offers[0]; o.Recording != id || o.Take != other || *o.OffsetMS != 1500 ||
		o.ZeroUnixMS != 1767225600123.25 || o.SDP != "v=0 offer" {
		t.Errorf("offer %+v", o)
	}
	if body, _ := io.ReadAll(w.Body); string(body) != "v=0 answer" {
		t.Errorf("answer %q", body)
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "application/sdp", "v=0\r\n", "1", "")
	f.Add("POST", "application/sdp", "v=0\r\n", "1&zero_unix_ms=1e12", "")
	f.Add("PATCH", "application/trickle-ice-sdpfrag", "a=mid:0", "x", "*")
	f.Fuzz(func(t *testing.T, method, media, body, offset, match string) {
		r, err := http.NewRequest(method, base, strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL.RawQuery = fmt.Sprintf("offset_ms=%s", offset)
		r.Header["Content-Type"] = []string{media}
		r.Header["If-Match"] = []string{match}
		w := httptest.NewRecorder()
		serve(&publisher{}).ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status %d", w.Code)
		}
	})
}
