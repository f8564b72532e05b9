package objects_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
)

// front is a server before an embedded store that can be told to misbehave.
type front struct {
	*httptest.Server
	store   http.Handler
	instead atomic.Pointer[http.HandlerFunc] // nil: the store itself answers
	asked   atomic.Int64                     // requests since misbehave
	gone    chan struct{}                    // closed when the test ends
}

// openFront returns a store that is reached through the front.
func openFront(t *testing.T, timeout time.Duration) (*front, *objects.S3) {
	t.Helper()
	o := startEmbedded(t, t.TempDir()).Options()
	inner, err := url.Parse(o.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{gone: make(chan struct{})}
	f.store = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = inner.Scheme, inner.Host },
		Transport: o.HTTPClient.Transport,
	}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(func() {
		close(f.gone)
		f.CloseClientConnections()
		f.Close()
	})
	o.Endpoint, o.HTTPClient, o.Timeout = f.URL, nil, timeout
	o.Bucket, o.PartBytes = "front", objectstest.PartBytes
	s, err := objects.NewS3(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return f, s
}

func (f *front) serve(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	if instead := f.instead.Load(); instead != nil {
		(*instead)(w, r)
		return
	}
	f.store.ServeHTTP(w, r)
}

func (f *front) misbehave(instead http.HandlerFunc) {
	f.asked.Store(0)
	f.instead.Store(&instead)
}

func (f *front) behave() { f.instead.Store(nil) }

// operations are all that a store can be asked, each returning its error.
func operations(s objects.Store) map[string]func() error {
	ctx := context.Background()
	large := make([]byte, objectstest.PartBytes+1)
	return map[string]func() error{
		"put":    func() error { return tryPut(s, "a/new", []byte("content")) },
		"parts":  func() error { return tryPut(s, "a/large", large) },
		"delete": func() error { return s.Delete(ctx, "a/b") },
		"check":  func() error { return s.Check(ctx) },
		"stat":   func() error { _, err := s.Stat(ctx, "a/b"); return err },
		"list":   func() error { _, err := s.List(ctx, "", "", 10); return err },
		"get": func() error {
			body, _, err := s.Get(ctx, "a/b", 0, -1)
			if err != nil {
				return err
			}
			defer body.Close()
			_, err = io.Copy(io.Discard, body)
			return err
		},
	}
}

// TestFailures: whatever a store answers becomes one kind of error and one sentence, and nothing
// that was stored is lost by it.
func TestFailures(t *testing.T) {
	f, s := openFront(t, 10*time.Second)
	put(t, s, "a/b", []byte("stored before"))
	for _, c := range []struct {
		status   int
		code     string
		kind     storage.Kind
		sentence string
	}{
		{507, "InsufficientStorage", storage.Unavailable, "full"},
		{507, "XMinioStorageFull", storage.Unavailable, "full"},
		{403, "QuotaExceeded", storage.Unavailable, "full"},
		{403, "AccessDenied", storage.Unavailable, "keys"},
		{403, "SignatureDoesNotMatch", storage.Unavailable, "keys"},
		{403, "RequestTimeTooSkewed", storage.Unavailable, "clocks"},
		{404, "NoSuchBucket", storage.Unavailable, "bucket"},
		{400, "BadDigest", storage.Invalid, "not what was sent"},
		{400, "EntityTooLarge", storage.TooLarge, "larger"},
		{400, "KeyTooLongError", storage.Invalid, "name"},
		{409, "ExistingObjectIsDirectory", storage.Conflict, "folder"},
		{400, "SomethingNew", storage.Internal, ""},
		{429, "SlowDown", storage.Unavailable, "reached"},
		{500, "InternalError", storage.Unavailable, "reached"},
		{503, "SlowDown", storage.Unavailable, "reached"},
	} {
		f.misbehave(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", c.code)
		})
		err := tryPut(s, "a/new", []byte("content"))
		if storage.KindOf(err) != c.kind || !strings.Contains(storage.MessageOf(err), c.sentence) {
			t.Errorf("%d %s: %v", c.status, c.code, err)
		}
	}
	f.behave()
	wantContent(t, s, "a/b", []byte("stored before"))
}

func TestNoAnswer(t *testing.T) {
	for name, answer := range map[string]func(f *front) http.HandlerFunc{
		"hangs": func(f *front) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
				case <-f.gone:
				}
			}
		},
		"hangs up": func(*front) http.HandlerFunc {
			return func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		},
		"talks nonsense": func(*front) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>Hello!") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, s := openFront(t, time.Second)
			put(t, s, "a/b", []byte("stored before"))
			f.misbehave(answer(f))
			for did, do := range operations(s) {
				if name == "talks nonsense" && did != "parts" && did != "list" {
					continue // a 200 is all that the others wait for
				}
				if err := do(); storage.KindOf(err) != storage.Unavailable {
					t.Errorf("%s: %v, want unavailable", did, err)
				}
			}
			f.behave()
			wantContent(t, s, "a/b", []byte("stored before"))
			put(t, s, "a/new", []byte("it goes on by itself"))
		})
	}
}

func TestStoreAway(t *testing.T) {
	f, s := openFront(t, 10*time.Second)
	f.Close()
	for did, do := range operations(s) {
		if err := do(); storage.KindOf(err) != storage.Unavailable {
			t.Errorf("%s: %v, want unavailable", did, err)
		}
	}
	_, err := objects.NewS3(context.Background(), objects.S3Options{
		Endpoint: f.URL, Bucket: "front", AccessKey: "a", SecretKey: "s", PathStyle: true})
	if storage.KindOf(err) != storage.Unavailable {
		t.Errorf("open: %v, want unavailable", err)
	}
}

// TestOneFailureIsRetried: a hiccup is not a caller's concern.
func TestOneFailureIsRetried(t *testing.T) {
	f, s := openFront(t, 10*time.Second)
	f.misbehave(func(w http.ResponseWriter, r *http.Request) {
		if f.asked.Load() == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		f.store.ServeHTTP(w, r)
	})
	put(t, s, "a/b", []byte("content"))
	if n := f.asked.Load(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	wantContent(t, s, "a/b", []byte("content"))
}

// TestAnswerLost: the store has stored, and the line breaks before it can say so. The request
// that is sent again finds the object there, and that is well: it is the same.
func TestAnswerLost(t *testing.T) {
	f, s := openFront(t, 10*time.Second)
	for _, size := range []int{1000, objectstest.PartBytes + 1} {
		var lost atomic.Bool
		f.misbehave(func(w http.ResponseWriter, r *http.Request) {
			last := r.Method == http.MethodPut && !r.URL.Query().Has("uploadId") ||
				r.Method == http.MethodPost && r.URL.Query().Has("uploadId")
			if last && lost.CompareAndSwap(false, true) {
				f.store.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			}
			f.store.ServeHTTP(w, r)
		})
		key, want := fmt.Sprintf("a/%d", size), bytes.Repeat([]byte{1}, size)
		err := s.Put(context.Background(), key, bytes.NewReader(want), int64(size),
			objects.PutOptions{Fresh: true})
		if err != nil || !lost.Load() {
			t.Errorf("put of %d bytes: %v, answer lost: %v", size, err, lost.Load())
		}
		wantContent(t, s, key, want)
	}
}

// TestReadFails: a body that stops, breaks off or is not what was stored says so.
func TestReadFails(t *testing.T) {
	f, s := openFront(t, time.Second)
	want := bytes.Repeat([]byte("content "), 100_000)
	put(t, s, "a/b", want)
	for name, rest := range map[string]http.HandlerFunc{
		"stops": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-f.gone:
			}
		},
		"breaks off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"lies": func(w http.ResponseWriter, r *http.Request) {
			w.Write(bytes.ToUpper(want[len(want)/2:]))
		},
	} {
		f.misbehave(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			f.store.ServeHTTP(answer, r)
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.Code)
			w.Write(answer.Body.Bytes()[:len(want)/2])
			rest(w, r)
		})
		body, _, err := s.Get(context.Background(), "a/b", 0, -1)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = io.ReadAll(body)
		if storage.KindOf(err) != storage.Unavailable || storage.MessageOf(err) == "" {
			t.Errorf("%s: %v, want unavailable", name, err)
		}
		if err := body.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
	}
}

// TestSlowReader: who takes longer between two reads than a store may take is not cut off.
func TestSlowReader(t *testing.T) {
	_, s := openFront(t, 300*time.Millisecond)
	want := bytes.Repeat([]byte("content "), 1<<20)
	put(t, s, "a/b", want)
	body, _, err := s.Get(context.Background(), "a/b", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	head := make([]byte, 1000)
	if _, err := io.ReadFull(body, head); err != nil {
		t.Fatal(err)
	}
	pause, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	<-pause.Done() // the pause itself is what is tested
	rest, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(append(head, rest...), want) {
		t.Errorf("%d bytes, %v, want %d", len(head)+len(rest), err, len(want))
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	good := objects.S3Options{Endpoint: "https://s3.example.org", Bucket: "b", AccessKey: "a", SecretKey: "s"}
	for name, spoil := range map[string]func(o *objects.S3Options){
		"no scheme":   func(o *objects.S3Options) { o.Endpoint = "s3.example.org" },
		"not http":    func(o *objects.S3Options) { o.Endpoint = "ftp://s3.example.org" },
		"no host":     func(o *objects.S3Options) { o.Endpoint = "https://" },
		"no address":  func(o *objects.S3Options) { o.Endpoint = "https://%zz" },
		"no bucket":   func(o *objects.S3Options) { o.Bucket = "" },
		"no key":      func(o *objects.S3Options) { o.AccessKey = "" },
		"no secret":   func(o *objects.S3Options) { o.SecretKey = "" },
		"small parts": func(o *objects.S3Options) { o.PartBytes = 1 << 20 },
		"no time":     func(o *objects.S3Options) { o.Timeout = -1 },
	} {
		o := good
		spoil(&o)
		if _, err := objects.NewS3(context.Background(), o); storage.KindOf(err) != storage.Invalid {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
}
