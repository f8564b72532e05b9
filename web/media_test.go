package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"

	"backrow/capture"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/transcode"
	"backrow/web"
)

// shelf is a store of a few objects in memory, which counts what it is asked for.
type shelf struct {
	objects.Store
	objects map[string][]byte
	asked   []string
}

func (s *shelf) Check(context.Context) error { return nil }

func (s *shelf) Get(_ context.Context, key string, offset, length int64) (io.ReadCloser, objects.Info, error) {
	s.asked = append(s.asked, fmt.Sprintf("%s %d+%d", key, offset, length))
	content, ok := s.objects[key]
	if !ok {
		return nil, objects.Info{}, storage.Errorf(storage.NotFound, "There is no such object.")
	}
	if length < 0 {
		length = int64(len(content)) - offset
	}
	part := content[offset:min(offset+length, int64(len(content)))]
	return io.NopCloser(bytes.NewReader(part)), objects.Info{Key: key, Bytes: int64(len(content))}, nil
}

// played is a capture whose playlists are ready.
type played struct{ idle }

func (played) Playlist(context.Context, storage.ID, capture.View) (string, error) {
	return "#EXTM3U\n#EXT-X-VERSION:7\n", nil
}

// done is a pool whose work is over.
type done struct{ idle }

func (done) Progress(context.Context, storage.ID) (transcode.Progress, error) {
	return transcode.Progress{State: transcode.StateDone, Percent: 100}, nil
}

// lesson is a site with a recording of the owner that has a take and renditions, shared with the
// instructor of the pair.
type lesson struct {
	*site
	shelf  *shelf
	lesson storage.ID
	take   storage.ID
}

func newLesson(t *testing.T, title string) *lesson {
	t.Helper()
	l := &lesson{shelf: &shelf{objects: map[string][]byte{}}, take: storage.NewID()}
	l.site = newSite(t, func(o *web.Options) {
		o.Objects, o.Capture, o.Work = l.shelf, played{}, done{}
	})
	l.lesson = l.recording(title)
	ctx, catalogue := t.Context(), storage.NewCatalogue(l.db)
	_, err := catalogue.BeginTake(ctx, storage.Take{ID: l.take, RecordingID: l.lesson,
		Route: storage.RouteLive, Source: "camera"})
	check(t, err)
	sha := l.put("init", []byte("the configuration"))
	check(t, catalogue.AddInit(ctx, storage.Init{TakeID: l.take, Number: 1, Codecs: "avc1.42e01f",
		ObjectKey: "init", Bytes: 17, SHA256: sha}))
	sha = l.put("segment", []byte("0123456789"))
	check(t, catalogue.AddSegment(ctx, storage.Segment{TakeID: l.take, Number: 1, InitNumber: 1,
		Length: 60 * storage.TicksPerSecond, ObjectKey: "segment", Bytes: 10, SHA256: sha}))
	return l
}

func (l *lesson) put(key string, content []byte) (sha string) {
	l.shelf.objects[key] = content
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func (l *lesson) rendition(kind storage.RenditionKind, mediaType string, content []byte) {
	l.t.Helper()
	key := string(kind)
	sha := l.put(key, content)
	check(l.t, l.db.InTx(l.t.Context(), func(tx *storage.Tx) error {
		return storage.NewCatalogue(l.db).PutRendition(l.t.Context(), tx, storage.Rendition{
			RecordingID: l.lesson, Kind: kind, MediaType: mediaType, ObjectKey: key,
			Bytes: int64(len(content)), SHA256: sha})
	}))
}

func (l *lesson) path(rest string) string { return "/api/recordings/" + string(l.lesson) + rest }

func (l *lesson) takePath(file string) string { return l.path("/takes/" + string(l.take) + "/" + file) }

func TestMediaIsServedInParts(t *testing.T) {
	l := newLesson(t, "Fractions")
	b := l.as("owner")
	whole := b.get(l.takePath("1.m4s"))
	tag := whole.Header.Get("ETag")
	for _, c := range []struct {
		name, header, value string
		status              int
		body, span          string
	}{
		{"all of it", "", "", 200, "0123456789", ""},
		{"a part", "Range", "bytes=2-4", 206, "234", "bytes 2-4/10"},
		{"the rest", "Range", "bytes=7-", 206, "789", "bytes 7-9/10"},
		{"the end", "Range", "bytes=-3", 206, "789", "bytes 7-9/10"},
		{"more than there is", "Range", "bytes=8-99", 206, "89", "bytes 8-9/10"},
		{"beyond the end", "Range", "bytes=10-", 416, "", "bytes */10"},
		{"no range that is known", "Range", "lines=1-2", 416, "", ""},
		{"what the browser has", "If-None-Match", tag, 304, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.header = http.Header{}
			if c.header != "" {
				b.header.Set(c.header, c.value)
			}
			got := b.get(l.takePath("1.m4s"))
			if got.StatusCode != c.status || got.Header.Get("Content-Range") != c.span && c.span != "" {
				t.Errorf("%d %q, want %d %q", got.StatusCode, got.Header.Get("Content-Range"), c.status, c.span)
			}
			if c.status < 400 && got.body != c.body {
				t.Errorf("body %q, want %q", got.body, c.body)
			}
		})
	}
	b.header = http.Header{"Range": {"bytes=2-4"}, "If-Range": {`"another"`}}
	if got := b.get(l.takePath("1.m4s")); got.StatusCode != 200 || got.body != "0123456789" {
		t.Errorf("a part of another version: %d %q", got.StatusCode, got.body)
	}
	b.header = http.Header{}
	if tag == "" || whole.Header.Get("Content-Type") != "video/mp4" ||
		whole.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("headers: %v", whole.Header)
	}
	if got := b.get(l.takePath("init-1.mp4")); got.body != "the configuration" {
		t.Errorf("init: %d %q", got.StatusCode, got.body)
	}
	l.shelf.asked = nil
	head := b.send(http.MethodHead, l.takePath("1.m4s"), "", "")
	if head.ContentLength != 10 || len(l.shelf.asked) != 0 {
		t.Errorf("HEAD: length %d, the store was asked for %q", head.ContentLength, l.shelf.asked)
	}
}

// A header has room for thousands of parts, each of which would cost a request to the store.
func TestManyPartsAreNotServedApart(t *testing.T) {
	l := newLesson(t, "Fractions")
	b := l.as("owner")
	b.header = http.Header{"Range": {"bytes=0-0,2-2,4-4,6-6,8-8"}}
	l.shelf.asked = nil
	got := b.get(l.takePath("1.m4s"))
	if got.StatusCode != 200 || got.body != "0123456789" || len(l.shelf.asked) != 1 {
		t.Errorf("%d %q, the store was asked for %q", got.StatusCode, got.body, l.shelf.asked)
	}
	b.header = http.Header{"Range": {"bytes=0-0,9-9"}}
	if got := b.get(l.takePath("1.m4s")); got.StatusCode != 206 {
		t.Errorf("two parts: %d", got.StatusCode)
	}
}

func TestMediaThatIsNotThere(t *testing.T) {
	l := newLesson(t, "Fractions")
	b := l.as("owner")
	for _, file := range []string{"2.m4s", "init-2.mp4", "0x1.m4s", "1.m4s.", "-1.m4s", "9999999999.m4s", "..", "init-1.m4s"} {
		if got := b.get(l.takePath(file)); got.StatusCode != http.StatusNotFound && got.StatusCode/100 != 3 {
			t.Errorf("%s: %d %s", file, got.StatusCode, got.body)
		}
	}
	other := "/api/recordings/" + string(l.recording("Another")) + "/takes/" + string(l.take) + "/1.m4s"
	if got := b.get(other); got.StatusCode != http.StatusNotFound {
		t.Errorf("a take under another recording: %d", got.StatusCode)
	}
	delete(l.shelf.objects, "segment")
	got := b.get(l.takePath("1.m4s"))
	if got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/problem+json" ||
		got.Header.Get("ETag") != "" {
		t.Errorf("a lost object: %d %v %s", got.StatusCode, got.Header, got.body)
	}
}

func TestAnObjectIsReadInWindows(t *testing.T) {
	l := newLesson(t, "Fractions")
	content := bytes.Repeat([]byte("0123456789abcdef"), 9<<20/16)
	l.rendition(storage.RenditionMP4, "video/mp4", content)
	l.shelf.asked = nil
	got := l.as("owner").get(l.path("/renditions/mp4"))
	if got.body != string(content) {
		t.Errorf("%d bytes of %d", len(got.body), len(content))
	}
	if want := "mp4 0+4194304,mp4 4194304+4194304,mp4 8388608+1048576"; strings.Join(l.shelf.asked, ",") != want {
		t.Errorf("the store was asked for %q", l.shelf.asked)
	}
}

func TestDownloadsAreNamedAfterTheLesson(t *testing.T) {
	for title, want := range map[string]string{
		"Fractions as division":   "Fractions as division.mp4",
		`A "quoted" / slashed: b`: "A -quoted- - slashed- b.mp4",
		"Brüche, Stunde 3":        "Brüche, Stunde 3.mp4",
		"分数とわり算":                  "分数とわり算.mp4",
		"الكسور 100%":             "الكسور 100%.mp4",
		"..":                      "backrow.mp4",
	} {
		l := newLesson(t, title)
		l.rendition(storage.RenditionMP4, "video/mp4", []byte("film"))
		got := l.as("owner").get(l.path("/renditions/mp4"))
		kind, parameters, err := mime.ParseMediaType(got.Header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" {
			// Go's parser refuses filename beside filename*, which is what RFC 6266 advises.
			_, extended, _ := strings.Cut(got.Header.Get("Content-Disposition"), "filename*=")
			_, parameters, err = mime.ParseMediaType("attachment; filename*=" + extended)
			check(t, err)
		}
		if parameters["filename"] != want {
			t.Errorf("%q: %q", title, got.Header.Get("Content-Disposition"))
		}
	}
}

func TestPlaylist(t *testing.T) {
	l := newLesson(t, "Fractions")
	b := l.as("owner")
	got := b.get(l.path("/playlist.m3u8"))
	if got.Header.Get("Content-Type") != "application/vnd.apple.mpegurl" || !strings.HasPrefix(got.body, "#EXTM3U") {
		t.Errorf("%v %q", got.Header, got.body)
	}
	b.header.Set("If-None-Match", got.Header.Get("ETag"))
	if again := b.get(l.path("/playlist.m3u8")); again.StatusCode != http.StatusNotModified {
		t.Errorf("again: %d", again.StatusCode)
	}
}
