package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"backrow/capture"
	"backrow/capture/backup"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/storage/objects/objectstest"
	"backrow/web"
)

// laptop is a site that receives local takes for real, with a recording of the owner and a laptop
// that sends to it with nothing but its token.
type laptop struct {
	*site
	store   *moody
	lesson  storage.ID
	browser *browser // without a session
	blobs   [][]byte // what Chromium recorded in six seconds
}

// moody is a store that can refuse and hang.
type moody struct {
	objects.Store
	refuses, hangs atomic.Bool
}

func (m *moody) Put(ctx context.Context, key string, body io.ReadSeeker, size int64, o objects.PutOptions) error {
	if m.refuses.Load() {
		return errAway()
	}
	if m.hangs.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return m.Store.Put(ctx, key, body, size, o)
}

func newLaptop(t *testing.T, change ...func(*capture.Options, *web.Options)) *laptop {
	t.Helper()
	l := &laptop{}
	for n := 1; n <= 3; n++ {
		data, err := os.ReadFile(filepath.Join("..", "capture", "backup", "testdata", "h264", fmt.Sprintf("%d.mp4", n)))
		check(t, err)
		l.blobs = append(l.blobs, data)
	}
	l.store = &moody{Store: objectstest.Embedded(t)}
	l.site = newSite(t, func(o *web.Options) {
		options := capture.Options{Catalogue: o.Catalogue, Objects: l.store, TCPPort: -1, Log: o.Log,
			Spool: t.TempDir(), ListenIPs: []string{"127.0.0.1"}}
		for _, f := range change {
			f(&options, o)
		}
		server, err := capture.New(options)
		check(t, err)
		t.Cleanup(func() {
			if err := server.Close(context.Background()); err != nil {
				t.Errorf("close capture: %v", err)
			}
		})
		o.Capture, o.Objects = server, l.store
	})
	begun := l.as("owner").json("POST", "/api/recordings", l.newLesson(nil))
	l.lesson = recordingIn(t, begun, http.StatusCreated).ID
	var token struct {
		Token string `json:"capture_token"`
	}
	check(t, json.Unmarshal([]byte(begun.body), &token))
	l.browser = l.withToken(token.Token)
	return l
}

// withToken is a browser that has a token and no session.
func (st *site) withToken(token string) *browser {
	b := st.browser()
	b.header.Set("Authorization", "Bearer "+token)
	return b
}

func (l *laptop) takePath(take storage.ID) string {
	return fmt.Sprintf("/api/recordings/%s/takes/%s", l.lesson, take)
}

const chromium = `{"source":"camera","offset_ms":0,"started_at":"2026-09-01T08:00:00Z","media_type":"video/mp4;codecs=avc1.640020,opus"}`

// begin begins a take.
func (l *laptop) begin(body string) storage.ID {
	l.t.Helper()
	take := storage.NewID()
	if got := l.browser.json("PUT", l.takePath(take), body); got.StatusCode != http.StatusCreated {
		l.t.Fatalf("begin a take: %d %s", got.StatusCode, got.body)
	}
	return take
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// put sends a blob.
func (b *browser) put(path string, data []byte, digest string) answered {
	b.st.t.Helper()
	old := b.header
	defer func() { b.header = old }()
	if b.header = old.Clone(); digest != "" {
		b.header.Set("Content-Digest", digest)
	}
	return b.send("PUT", path, "application/octet-stream", string(data))
}

func (l *laptop) put(take storage.ID, number int64, data []byte) answered {
	l.t.Helper()
	return l.browser.put(fmt.Sprintf("%s/blobs/%d", l.takePath(take), number), data, digestOf(data))
}

func (l *laptop) held(take storage.ID) (held web.HeldBlobs) {
	l.t.Helper()
	got := l.browser.get(l.takePath(take) + "/blobs")
	if got.StatusCode != http.StatusOK {
		l.t.Fatalf("what is there: %d %s", got.StatusCode, got.body)
	}
	check(l.t, json.Unmarshal([]byte(got.body), &held))
	return held
}

// wants holds an answer to a status and to words of its reason.
func wants(t *testing.T, name string, got answered, status int, words string) {
	t.Helper()
	if got.StatusCode != status {
		t.Errorf("%s: %d %s, want %d", name, got.StatusCode, got.body, status)
		return
	}
	if status < 400 {
		return
	}
	if p := problemIn(t, got); !strings.Contains(p.Detail, words) || !strings.HasSuffix(p.Detail, ".") {
		t.Errorf("%s: it is said %q, want %q", name, p.Detail, words)
	}
	waits := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
	if seconds, err := strconv.Atoi(got.Header.Get("Retry-After")); waits != (err == nil && seconds > 0) {
		t.Errorf("%s: Retry-After is %q", name, got.Header.Get("Retry-After"))
	}
}

// TestLocalTake sends what Chromium recorded, out of order and more than once, with the token alone.
func TestLocalTake(t *testing.T) {
	l := newLaptop(t)
	take := l.begin(chromium)
	wants(t, "begun again", l.browser.json("PUT", l.takePath(take), chromium), http.StatusOK, "")
	if held := l.held(take); len(held.Have) != 0 || held.BlobCount != -1 || held.Complete {
		t.Errorf("of nothing: %+v", held)
	}
	wants(t, "the third", l.put(take, 3, l.blobs[2]), http.StatusCreated, "")
	wants(t, "the first", l.put(take, 1, l.blobs[0]), http.StatusCreated, "")
	wants(t, "the first again", l.put(take, 1, l.blobs[0]), http.StatusOK, "")
	if held := l.held(take); fmt.Sprint(held.Have) != "[[1 1] [3 3]]" || held.Bytes != int64(len(l.blobs[0])+len(l.blobs[2])) {
		t.Errorf("of two: %+v", held)
	}
	end := `{"blobs":3,"length_ms":5500,"reason":"stopped"}`
	for range 2 {
		got := l.browser.json("POST", l.takePath(take)+"/end", end)
		wants(t, "its end", got, http.StatusOK, "")
		var said web.LocalTake
		check(t, json.Unmarshal([]byte(got.body), &said))
		if said.Complete || said.BlobCount != 3 || !said.Direct {
			t.Errorf("before all is there: %+v", said)
		}
	}
	wants(t, "the second", l.put(take, 2, l.blobs[1]), http.StatusCreated, "")
	if held := l.held(take); fmt.Sprint(held.Have) != "[[1 3]]" || held.BlobCount != 3 || !held.Complete {
		t.Errorf("of all: %+v", held)
	}
	wants(t, "the second again", l.put(take, 2, l.blobs[1]), http.StatusOK, "")

	// What the owner is shown is what the laptop recorded, but for what is mended for players.
	want := slices.Concat(l.blobs[1], l.blobs[2])
	if read := backup.Read(want); read.Why != "" {
		t.Fatal(read.Why)
	}
	segments, err := storage.NewCatalogue(l.db).Segments(t.Context(), take, 0, 100)
	check(t, err)
	owner, media := l.as("owner"), []byte(nil)
	for _, s := range segments {
		got := owner.get(fmt.Sprintf("%s/%d.m4s", l.takePath(take), s.Number))
		if got.StatusCode != http.StatusOK || int64(len(got.body)) != s.Bytes {
			t.Errorf("segment %d: %d, %d bytes", s.Number, got.StatusCode, len(got.body))
		}
		media = append(media, got.body...)
	}
	if !bytes.Equal(media, want) {
		t.Error("the segments are not what was sent")
	}
	if got := owner.get(l.takePath(take) + "/init-1.mp4"); got.body != string(l.blobs[0]) {
		t.Errorf("the init segment: %d, %d bytes", got.StatusCode, len(got.body))
	}
	if len(segments) < 2 || segments[0].Start != 0 || segments[0].Length < 2*90000 {
		t.Errorf("segments: %+v", segments)
	}
	// The token also ends the lesson, and says how far it is safe.
	wants(t, "saved", l.browser.get("/api/recordings/"+string(l.lesson)+"/saved"), http.StatusOK, "")
	wants(t, "finish", l.browser.json("POST", "/api/recordings/"+string(l.lesson)+"/finish", `{"taught_ms":5500}`), http.StatusOK, "")
	if log := l.lines.all(); !strings.Contains(log, "own take is complete") || strings.Contains(log, "brt_") {
		t.Error("the log does not tell of the take, or tells its token")
	}
}

// TestLead sends a take whose picture is too early: it is stored later, and the take begins with its
// sound.
func TestLead(t *testing.T) {
	l := newLaptop(t)
	ahead := func(ms string) string {
		return strings.Replace(chromium, `"offset_ms"`, `"picture_lead_ms":`+ms+`,"offset_ms"`, 1)
	}
	l.begin(ahead("0"))
	l.begin(ahead("200"))
	take := l.begin(ahead("29"))
	wants(t, "begun again", l.browser.json("PUT", l.takePath(take), ahead("29")), http.StatusOK, "")
	wants(t, "with another lead", l.browser.json("PUT", l.takePath(take), ahead("30")), http.StatusConflict, "other facts")
	wants(t, "without one", l.browser.json("PUT", l.takePath(take), chromium), http.StatusConflict, "other facts")
	wants(t, "the third before the first", l.put(take, 3, l.blobs[2]), http.StatusServiceUnavailable, "number 1 first")
	wants(t, "the first", l.put(take, 1, l.blobs[0]), http.StatusCreated, "")
	for _, n := range []int64{3, 2} {
		wants(t, "what follows", l.put(take, n, l.blobs[n-1]), http.StatusCreated, "")
		wants(t, "what follows again", l.put(take, n, l.blobs[n-1]), http.StatusOK, "")
	}
	want := slices.Concat(l.blobs[1], l.blobs[2])
	tracks := backup.Read(l.blobs[0]).Init.Tracks
	if late := (backup.Lead{MS: 29, Tracks: tracks}).Read(want); late.Why != "" {
		t.Fatal(late.Why)
	}
	segments, err := storage.NewCatalogue(l.db).Segments(t.Context(), take, 0, 100)
	check(t, err)
	var media []byte
	for i, s := range segments {
		media = append(media, l.as("owner").get(fmt.Sprintf("%s/%d.m4s", l.takePath(take), s.Number)).body...)
		if i == 0 && s.Start != 0 || i > 0 && s.Start != segments[i-1].Start+segments[i-1].Length {
			t.Errorf("segment %d: %+v", i+1, s)
		}
	}
	if !bytes.Equal(media, want) {
		t.Error("the segments are not what was sent, put off")
	}
}

// TestTakeOfAnotherBrowser sends WebM: all of it is kept, and waits to be transcoded.
func TestTakeOfAnotherBrowser(t *testing.T) {
	l := newLaptop(t)
	for _, body := range []string{
		strings.Replace(chromium, "video/mp4;codecs=avc1.640020,opus", "video/webm;codecs=vp8,opus", 1), chromium,
	} {
		take := l.begin(body)
		for n, data := range []string{"\x1aE\xdf\xa3 and so on", "more of it", "\x00\x00"} {
			wants(t, "a blob", l.put(take, int64(n+1), []byte(data)), http.StatusCreated, "")
		}
		got := l.browser.json("POST", l.takePath(take)+"/end", `{"blobs":3,"length_ms":5500,"reason":"stopped"}`)
		var said web.LocalTake
		check(t, json.Unmarshal([]byte(got.body), &said))
		if said.Direct || said.Complete || said.BlobCount != 3 {
			t.Errorf("%+v", said)
		}
		blobs, err := storage.NewCatalogue(l.db).Blobs(t.Context(), take, 0, 10)
		check(t, err)
		for n, b := range blobs {
			body, _, err := l.store.Get(t.Context(), b.ObjectKey, 0, -1)
			check(t, err)
			data, err := io.ReadAll(body)
			check(t, err)
			check(t, body.Close())
			if int64(len(data)) != b.Bytes {
				t.Errorf("blob %d has %d bytes", n+1, len(data))
			}
		}
	}
}

func TestBlobsRefused(t *testing.T) {
	l := newLaptop(t, func(o *capture.Options, _ *web.Options) { o.BlobBytes = 100_000 })
	take := l.begin(chromium)
	other := l.begin(strings.Replace(chromium, `"offset_ms":0`, `"offset_ms":7000`, 1))
	elsewhere := l.recording("Decimals") // of the owner, too
	wants(t, "the first", l.put(take, 1, l.blobs[0]), http.StatusCreated, "")
	data, blobs := l.blobs[1], l.takePath(take)+"/blobs/"
	md5 := "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"
	for _, c := range []struct {
		name, path, digest string
		data               []byte
		status             int
		words              string
	}{
		{"other bytes under the number", blobs + "1", digestOf(data), data, 409, "Other bytes are stored as blob 1"},
		{"a lie about the hash", blobs + "2", digestOf(l.blobs[2]), data, 400, "hash is another"},
		{"a lie about the hash of what is there", blobs + "1", digestOf(l.blobs[0]), data, 400, "hash is another"},
		{"no hash", blobs + "2", "", data, 400, "Content-Digest"},
		{"another hash", blobs + "2", md5, data, 400, "Content-Digest"},
		{"half a hash", blobs + "2", digestOf(data)[:30] + ":", data, 400, "Content-Digest"},
		{"too large", blobs + "2", digestOf(make([]byte, 100_001)), make([]byte, 100_001), 413, "100000 bytes at most"},
		{"nothing", blobs + "2", digestOf(nil), nil, 400, "a byte at least"},
		{"far ahead", blobs + "1002", digestOf(data), data, 400, "number 2 is missing"},
		{"out of all bounds", blobs + "9223372036854775807", digestOf(data), data, 400, "100000 blobs at most"},
		{"more digits than there are", blobs + "99999999999999999999", digestOf(data), data, 400, "whole number"},
		{"number 0", blobs + "0", digestOf(data), data, 400, "whole number"},
		{"number -1", blobs + "-1", digestOf(data), data, 400, "whole number"},
		{"no number", blobs + "first", digestOf(data), data, 400, "whole number"},
		{"a take that was not begun", l.takePath(storage.NewID()) + "/blobs/1", digestOf(data), data, 404, ""},
		{"a take that is none", l.takePath("x") + "/blobs/1", digestOf(data), data, 404, ""},
	} {
		got := l.browser.put(c.path, c.data, c.digest)
		wants(t, c.name, got, c.status, c.words)
		if line := l.lines.request(t, got.Header.Get("X-Request-Id")); line["refused"] == "" || line["user"] != string(l.id("owner")) {
			t.Errorf("%s: the log says %v", c.name, line)
		}
	}
	if held := l.held(take); fmt.Sprint(held.Have) != "[[1 1]]" {
		t.Errorf("something was kept: %v", held.Have)
	}

	// Several hashes beside each other are RFC 9530's own example.
	wants(t, "two hashes", l.browser.put(blobs+"2", data, md5+", "+digestOf(data)+";x=1"), http.StatusCreated, "")
	owner := l.as("owner")
	foreign := fmt.Sprintf("/api/recordings/%s/takes/%s", elsewhere, take)
	wants(t, "a take of another recording", owner.put(foreign+"/blobs/3", data, digestOf(data)), 404, "")
	wants(t, "and its facts", owner.json("PUT", foreign, chromium), 409, "another recording")
	wants(t, "and what is there", owner.get(foreign+"/blobs"), 404, "")
	wants(t, "and its end", owner.json("POST", foreign+"/end", `{"blobs":2,"length_ms":1,"reason":"stopped"}`), 404, "")

	end := func(take storage.ID, body string) answered {
		return l.browser.json("POST", l.takePath(take)+"/end", body)
	}
	wants(t, "an end with fewer than there are", end(take, `{"blobs":1,"length_ms":1,"reason":"stopped"}`), 409, "cannot end with 1")
	wants(t, "an end without a reason", end(take, `{"blobs":2,"length_ms":1,"reason":"because"}`), 422, "reason")
	wants(t, "an end beyond the day", end(other, `{"blobs":2,"length_ms":86400000,"reason":"stopped"}`), 422, "24 hours")
	wants(t, "an end with a million", end(take, `{"blobs":1000000,"length_ms":1,"reason":"stopped"}`), 422, "blobs")
	wants(t, "the end", end(take, `{"blobs":2,"length_ms":1,"reason":"crash"}`), 200, "")
	wants(t, "another end", end(take, `{"blobs":3,"length_ms":1,"reason":"crash"}`), 409, "ended with 2")
	wants(t, "a blob behind it", l.put(take, 3, data), 409, "ended with 2")
}

func TestTakesRefused(t *testing.T) {
	l := newLaptop(t)
	change := func(old, new string) string { return strings.Replace(chromium, old, new, 1) }
	for name, c := range map[string]struct {
		body   string
		status int
		words  string
	}{
		"a page":                     {change("video/mp4", "text/html"), 422, "video/mp4"},
		"a picture":                  {change("video/mp4", "image/png"), 422, "video/mp4"},
		"no type":                    {change("video/mp4;codecs=avc1.640020,opus", ""), 422, "media_type"},
		"a type without end":         {change("avc1", strings.Repeat("a", 300)), 422, "media_type"},
		"another source":             {change("camera", "window"), 422, "source"},
		"before the beginning":       {change(`"offset_ms":0`, `"offset_ms":-1`), 422, "offset_ms"},
		"a day later":                {change(`"offset_ms":0`, `"offset_ms":86400001`), 422, "offset_ms"},
		"a time that is none":        {change("2026-09-01T08:00:00Z", "yesterday"), 422, ""},
		"a time in another age":      {change("2026-09-01T08:00:00Z", "0001-01-01T00:00:00Z"), 422, ""},
		"a picture behind its sound": {change(`"offset_ms"`, `"picture_lead_ms":-1,"offset_ms"`), 422, "picture_lead_ms"},
		"a picture far ahead of it":  {change(`"offset_ms"`, `"picture_lead_ms":201,"offset_ms"`), 422, "picture_lead_ms"},
		"a field that is not known":  {change(`"source"`, `"colour":"red","source"`), 422, "colour"},
	} {
		wants(t, name, l.browser.json("PUT", l.takePath(storage.NewID()), c.body), c.status, c.words)
	}
	wants(t, "an id that is none", l.browser.json("PUT", l.takePath("x"), chromium), 422, "not an id")
	take := l.begin(chromium)
	wants(t, "other facts", l.browser.json("PUT", l.takePath(take), change(`"offset_ms":0`, `"offset_ms":1`)), 409, "other facts")

	// After the end: what was taught before it may come, and nothing else.
	recording := "/api/recordings/" + string(l.lesson)
	wants(t, "finish", l.browser.json("POST", recording+"/finish", `{"taught_ms":60000}`), 200, "")
	late := storage.NewID()
	wants(t, "a take of the lesson", l.browser.json("PUT", l.takePath(late), change(`"offset_ms":0`, `"offset_ms":30000`)), 201, "")
	wants(t, "and its blob", l.put(late, 1, l.blobs[0]), 201, "")
	wants(t, "a take after the lesson", l.browser.json("PUT", l.takePath(storage.NewID()), change(`"offset_ms":0`, `"offset_ms":65001`)), 409, "had ended")
	got := l.browser.send("POST", l.takePath(storage.NewID())+"/whip", "application/sdp", "v=0\r\n")
	if got.StatusCode == http.StatusCreated || got.StatusCode == http.StatusUnauthorized {
		t.Errorf("a live take after the lesson: %d", got.StatusCode)
	}

	// The five hundred and first.
	var rows []string
	for range storage.MaxLocalTakes {
		rows = append(rows, fmt.Sprintf("('%s', '%s', 'local', 'open', '2026-09-01T08:00:00.000000Z')", storage.NewID(), l.lesson))
	}
	_, err := l.db.Exec(t.Context(), `INSERT INTO takes (id, recording_id, route, state, started_at) VALUES `+strings.Join(rows, ", "))
	check(t, err)
	wants(t, "a million takes", l.browser.json("PUT", l.takePath(storage.NewID()), chromium), 429, "500 takes")

	// A month later.
	_, err = l.db.Exec(t.Context(), `DELETE FROM takes WHERE id <> ?`, late)
	check(t, err)
	_, err = l.db.Exec(t.Context(), `UPDATE recordings SET started_at = ?`, storage.At(time.Now().Add(-storage.LocalFor-time.Hour)))
	check(t, err)
	wants(t, "a take a month later", l.browser.json("PUT", l.takePath(storage.NewID()), chromium), 409, "30 days")
	wants(t, "a blob a month later", l.put(late, 2, l.blobs[1]), 409, "30 days")
}

// TestStoreInTheWay has the store refuse and hang: nothing is half done, and the next attempt works.
func TestStoreInTheWay(t *testing.T) {
	l := newLaptop(t, func(o *capture.Options, _ *web.Options) { o.BlobTimeout = 3 * time.Second })
	take := l.begin(chromium)
	for _, mood := range []*atomic.Bool{&l.store.refuses, &l.store.hangs} {
		mood.Store(true)
		wants(t, "a store in the way", l.put(take, 1, l.blobs[0]), 503, "")
		if held := l.held(take); len(held.Have) != 0 {
			t.Errorf("half done: %v", held.Have)
		}
		mood.Store(false)
	}
	wants(t, "afterwards", l.put(take, 1, l.blobs[0]), 201, "")
	if got := strings.Count(l.lines.all(), "blobs cannot be stored"); got < 1 || got > 2 {
		t.Errorf("the log says %d times that blobs cannot be stored", got)
	}
}

// raw sends a head by hand and answers with what comes back. What is written by hand after that is
// up to the test.
func (l *laptop) raw(path string, head ...string) (net.Conn, *bufio.Reader) {
	l.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.http.URL, "http://"))
	check(l.t, err)
	l.t.Cleanup(func() { conn.Close() })
	lines := append([]string{"PUT " + path + " HTTP/1.1", "Host: " + strings.TrimPrefix(l.http.URL, "http://"),
		"Authorization: " + l.browser.header.Get("Authorization"), "Content-Digest: " + digestOf(l.blobs[1])}, head...)
	_, err = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n")
	check(l.t, err)
	return conn, bufio.NewReader(conn)
}

func (l *laptop) answer(from *bufio.Reader) answered {
	l.t.Helper()
	response, err := http.ReadResponse(from, &http.Request{Method: "PUT"})
	check(l.t, err)
	body, err := io.ReadAll(response.Body)
	check(l.t, err)
	return answered{Response: response, body: string(body)}
}

// TestHugeBlobs are refused by what they say of themselves: not a byte of them is waited for.
func TestHugeBlobs(t *testing.T) {
	l := newLaptop(t)
	path := l.takePath(l.begin(chromium)) + "/blobs/1"
	_, from := l.raw(path, "Content-Length: 10737418240")
	wants(t, "10 GB", l.answer(from), 413, "8388608 bytes at most")
	_, from = l.raw(path, "Content-Length: 9223372036854775807")
	wants(t, "8 EiB", l.answer(from), 413, "8388608 bytes at most")
	_, from = l.raw(path, "Transfer-Encoding: chunked")
	wants(t, "no length", l.answer(from), 411, "Content-Length")
}

// TestSlowUploads keeps connections open by a byte now and then: they are ended, and meanwhile they
// have no more than their share of the server.
func TestSlowUploads(t *testing.T) {
	l := newLaptop(t, func(o *capture.Options, w *web.Options) {
		o.BlobUploads = 2
		w.BlobGrace, w.BlobRate = 700*time.Millisecond, 1_000_000
	})
	take := l.begin(chromium)
	path := l.takePath(take) + "/blobs/1"
	var slow []*bufio.Reader
	for range 2 {
		conn, from := l.raw(path, "Content-Length: 4000000")
		_, err := conn.Write(l.blobs[1][:100])
		check(t, err)
		slow = append(slow, from)
	}
	// They take up the recording's places, and nobody else's.
	var got answered
	for got = l.put(take, 1, l.blobs[0]); got.StatusCode < 400; got = l.put(take, 1, l.blobs[0]) {
	}
	wants(t, "a third upload", got, 429, "at once")
	another := &laptop{site: l.site, store: l.store, lesson: l.recording("Decimals"), browser: l.as("owner")}
	wants(t, "another lesson", another.put(another.begin(chromium), 1, l.blobs[0]), 201, "")
	for _, from := range slow {
		wants(t, "a slow upload", l.answer(from), 408, "too slowly")
	}
	if got := l.put(take, 1, l.blobs[0]); got.StatusCode >= 400 {
		t.Errorf("afterwards: %d %s", got.StatusCode, got.body)
	}
	// One that is broken off leaves nothing behind.
	conn, _ := l.raw(path, "Content-Length: 4000000")
	check(t, conn.Close())
	wants(t, "and then", l.put(take, 2, l.blobs[1]), 201, "")
}

// TestMemoryOfUploads fills what the server has for blobs: it refuses more, and does not grow.
func TestMemoryOfUploads(t *testing.T) {
	l := newLaptop(t, func(o *capture.Options, w *web.Options) {
		o.BlobBytes, o.BlobMemory = 1<<20, 2<<20
		w.BlobGrace = time.Minute
	})
	take := l.begin(chromium)
	another := &laptop{site: l.site, store: l.store, lesson: l.recording("Decimals"), browser: l.as("owner"), blobs: l.blobs}
	third := &laptop{site: l.site, store: l.store, lesson: l.recording("Halves"), browser: l.as("owner")}
	thirdTake := third.begin(chromium)
	l.raw(l.takePath(take)+"/blobs/2", "Content-Length: 1048576")
	conn, err := net.Dial("tcp", strings.TrimPrefix(l.http.URL, "http://"))
	check(t, err)
	defer conn.Close()
	other := another.begin(chromium)
	token, err := storage.NewCatalogue(l.db).NewCaptureToken(t.Context(), another.lesson, l.id("owner"), time.Now())
	check(t, err)
	another.browser = l.withToken(token.Secret)
	another.raw(another.takePath(other)+"/blobs/2", "Content-Length: 1048576")
	var got answered
	for got = third.put(thirdTake, 1, l.blobs[0]); got.StatusCode < 400; got = third.put(thirdTake, 1, l.blobs[0]) {
	}
	wants(t, "one more", got, 429, "as much as it can")
}

// TestTokenReplayed uses a token where and when it must not be used.
func TestTokenReplayed(t *testing.T) {
	l := newLaptop(t)
	take := l.begin(chromium)
	elsewhere := &laptop{site: l.site, store: l.store, lesson: l.recording("Decimals"), browser: l.browser}
	wants(t, "for another recording", l.browser.json("PUT", elsewhere.takePath(storage.NewID()), chromium), 401, "not valid")
	wants(t, "to read", l.browser.get("/api/recordings/"+string(l.lesson)), 401, "sign in")
	wants(t, "to make another", l.browser.json("POST", "/api/recordings/"+string(l.lesson)+"/capture-token", ""), 401, "sign in")

	// On a shared laptop the token counts, and not who is signed in.
	shared := l.as("other")
	shared.header.Set("Authorization", l.browser.header.Get("Authorization"))
	wants(t, "beside another's session", shared.put(l.takePath(take)+"/blobs/1", l.blobs[0], digestOf(l.blobs[0])), 201, "")
	shared.header.Set("Authorization", "Bearer brt_guessed")
	wants(t, "a guess beside a session", shared.put(l.takePath(take)+"/blobs/1", l.blobs[0], digestOf(l.blobs[0])), 401, "not valid")

	// Another one, after 59 days and after 61.
	got := l.as("owner").json("POST", "/api/recordings/"+string(l.lesson)+"/capture-token", "")
	var second web.CaptureToken
	check(t, json.Unmarshal([]byte(got.body), &second))
	l.clock.advance(59 * 24 * time.Hour)
	wants(t, "59 days later", l.withToken(second.Token).get(l.takePath(take)+"/blobs"), 200, "")
	l.clock.advance(2 * 24 * time.Hour)
	wants(t, "61 days later", l.browser.get(l.takePath(take)+"/blobs"), 401, "not valid")
	l.clock.advance(-61 * 24 * time.Hour)

	check(t, l.review.Disable(t.Context(), l.id("founder"), l.id("owner")))
	wants(t, "of somebody who is gone", l.browser.get(l.takePath(take)+"/blobs"), 401, "sign in")
	check(t, l.review.Enable(t.Context(), l.id("founder"), l.id("owner")))
	wants(t, "when they are back", l.browser.get(l.takePath(take)+"/blobs"), 200, "")
	wants(t, "deletion", l.as("owner").json("DELETE", "/api/recordings/"+string(l.lesson), ""), 204, "")
	wants(t, "of a recording that is deleted", l.put(take, 2, l.blobs[1]), 404, "")
}

func FuzzContentDigest(f *testing.F) {
	f.Add(digestOf(nil))
	f.Add("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, " + digestOf([]byte("x")) + ";a=1")
	f.Add("sha-256=::")
	f.Add("sha-256=" + strings.Repeat(":", 1000))
	f.Fuzz(func(t *testing.T, value string) {
		sum, err := web.ContentDigest([]string{value})
		if err == nil && !strings.Contains(value, base64.StdEncoding.EncodeToString(sum[:])) {
			t.Errorf("%q is read as %x", value, sum)
		}
	})
}
