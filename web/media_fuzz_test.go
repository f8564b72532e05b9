package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"backrow/storage"
	"backrow/storage/objects"
)

// memory is one object, and counts what is asked of it.
type memory struct {
	objects.Store
	content []byte
	gets    int
}

func (m *memory) Get(_ context.Context, key string, offset, length int64) (io.ReadCloser, objects.Info, error) {
	m.gets++
	if offset < 0 || offset >= int64(len(m.content)) || length < 0 {
		return nil, objects.Info{}, storage.Errorf(storage.Invalid, "Offset %d lies outside.", offset)
	}
	part := m.content[offset:min(offset+length, int64(len(m.content)))]
	return io.NopCloser(bytes.NewReader(part)), objects.Info{Key: key, Bytes: int64(len(m.content))}, nil
}

// Whatever is asked for, the answer is the whole, right parts of it, or 416; never an error of the
// server's, and never many requests to the store for one of a browser.
func FuzzRange(f *testing.F) {
	for _, seed := range []string{
		"", "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=10-20", "bytes=299-", "bytes=300-", "bytes=5-4",
		"bytes=0-1,5-6", "bytes=0-,0-,0-,0-,0-,0-", "bytes=-0", "bytes=18446744073709551616-",
		"bytes = 0-1", "items=0-1", "bytes=--1", "bytes=0-1\x00", strings.Repeat("bytes=0-0,", 900),
	} {
		f.Add(seed, "")
	}
	f.Add("bytes=0-9", `"0123"`)
	content := make([]byte, 300)
	for i := range content {
		content[i] = byte(i * 7)
	}
	f.Fuzz(func(t *testing.T, wanted, condition string) {
		store := &memory{content: content}
		s := &Server{options: Options{Objects: store}}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Range"] = []string{wanted}
		if condition != "" {
			r.Header["If-Range"] = []string{condition}
		}
		w := httptest.NewRecorder()
		err := s.serveObject(w, r, object{key: "k", mediaType: "video/mp4", sha256: "0123", bytes: 300})
		if err != nil {
			t.Fatalf("Range %q: %v", wanted, err)
		}
		body := w.Body.Bytes()
		switch w.Code {
		case http.StatusOK:
			if !bytes.Equal(body, content) {
				t.Fatalf("Range %q: 200 with %d bytes of %d", wanted, len(body), len(content))
			}
		case http.StatusPartialContent:
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "multipart/") && !bytes.Contains(content, body) {
				t.Fatalf("Range %q: the part is not of the object", wanted)
			}
		case http.StatusRequestedRangeNotSatisfiable:
		default:
			t.Fatalf("Range %q: status %d", wanted, w.Code)
		}
		if store.gets > mostRanges {
			t.Fatalf("Range %q: %d requests to the store", wanted, store.gets)
		}
	})
}
