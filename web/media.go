package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"backrow/capture"
	"backrow/capture/cmaf"
	"backrow/review/access"
	"backrow/storage"
	"backrow/storage/ledger"
	"backrow/storage/objects"
)

// mediaRoutes are the playlist of a recording, the CMAF objects that it names, and what was made
// of the recording.
func (s *Server) mediaRoutes() []route {
	const recording = "/api/recordings/{id}"
	see := may(access.SeeRecording, "id")
	return []route{
		{method: "GET", pattern: recording + "/playlist.m3u8", who: see, handle: s.playlist},
		{method: "GET", pattern: recording + "/takes/{take}/{file}", who: see, handle: s.takeFile},
		{method: "GET", pattern: recording + "/renditions/{kind}", who: see, handle: s.rendition},
		{method: "GET", pattern: recording + "/renditions/mp4",
			who: may(access.DownloadRecording, "id"), handle: s.download},
	}
}

// private is how media may be kept: by the viewer's own browser, which asks again each time, so
// that what is not shared any more is not seen any more.
const private = "private, no-cache"

func (s *Server) playlist(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	view, err := viewOf(r.URL.Query())
	if err != nil {
		return err
	}
	list, err := s.options.Capture.Playlist(r.Context(), id, view)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(list))
	h := w.Header()
	h.Set("Content-Type", "application/vnd.apple.mpegurl")
	h.Set("Cache-Control", private)
	h.Set("ETag", etag(hex.EncodeToString(sum[:])))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(list))
	return nil
}

// viewOf reads which playlist is asked for: source=camera|screen, follow=1.
func viewOf(query url.Values) (capture.View, error) {
	view := capture.View{Source: query.Get("source"), Follow: query.Get("follow") == "1"}
	switch view.Source {
	case "", ledger.Camera, ledger.Screen:
		return view, nil
	}
	return capture.View{}, storage.Errorf(storage.Invalid, "The source is camera or screen.")
}

var (
	initFile    = regexp.MustCompile(`^init-([0-9]{1,9})\.mp4$`)
	segmentFile = regexp.MustCompile(`^([0-9]{1,9})\.m4s$`)
)

// takeFile serves an init segment or a segment of a take: init-N.mp4, N.m4s.
func (s *Server) takeFile(w http.ResponseWriter, r *http.Request) error {
	ctx, file := r.Context(), r.PathValue("file")
	recording, err := pathID(r, "id")
	if err != nil {
		return err
	}
	take, err := pathID(r, "take")
	if err != nil {
		return err
	}
	stored := object{mediaType: "video/mp4"}
	if match := initFile.FindStringSubmatch(file); match != nil {
		number, _ := strconv.ParseInt(match[1], 10, 64) //nolint:errcheck // at most nine digits
		found, err := s.options.Catalogue.Init(ctx, recording, take, number)
		if err != nil {
			return err
		}
		stored.key, stored.bytes, stored.sha256 = found.ObjectKey, found.Bytes, found.SHA256
	} else if match := segmentFile.FindStringSubmatch(file); match != nil {
		number, _ := strconv.ParseInt(match[1], 10, 64) //nolint:errcheck // at most nine digits
		found, err := s.options.Catalogue.Segment(ctx, recording, take, number)
		if err != nil {
			return err
		}
		stored.key, stored.from, stored.bytes, stored.sha256 = found.ObjectKey, found.ObjectFrom,
			found.Bytes, found.SHA256
		if until := r.URL.Query().Get("until"); until != "" {
			return s.segmentUntil(w, r, recording, found, stored, until)
		}
	} else {
		return storage.Errorf(storage.NotFound, "There is nothing at this address.")
	}
	return s.serveObject(w, r, stored)
}

// mostTrimmed is the largest segment that is cut: more than ten seconds of anything that a browser
// sends. Larger ones are served whole, which shows some frames twice.
const mostTrimmed = 32 << 20

// segmentUntil serves a segment without its end: what is shown at or after until, in ticks of the
// take's media time, is left out.
func (s *Server) segmentUntil(w http.ResponseWriter, r *http.Request, recording storage.ID,
	segment storage.Segment, stored object, text string,
) error {
	ctx := r.Context()
	ticks, err := strconv.ParseInt(text, 10, 64)
	until := storage.Ticks(ticks)
	switch {
	case err != nil || until <= segment.Start:
		return storage.Errorf(storage.Invalid, "Nothing of this segment is before that time.")
	case until >= segment.Start+segment.Length || segment.Bytes > mostTrimmed:
		return s.serveObject(w, r, stored)
	}
	found, err := s.options.Catalogue.Init(ctx, recording, segment.TakeID, segment.InitNumber)
	if err != nil {
		return err
	}
	init, err := s.readPart(ctx, object{key: found.ObjectKey, bytes: found.Bytes})
	if err != nil {
		return err
	}
	whole, err := s.readPart(ctx, stored)
	if err != nil {
		return err
	}
	short, err := cmaf.Trim(init, whole, until)
	if err != nil {
		// It can be shown all the same: some frames twice.
		s.options.Log.WarnContext(ctx, "a segment cannot be cut; it is served whole",
			"recording", recording, "take", segment.TakeID, "segment", segment.Number, "error", err)
		short = whole
	}
	h := w.Header()
	h.Set("Content-Type", stored.mediaType)
	h.Set("Cache-Control", private)
	h.Set("ETag", etag(fmt.Sprintf("%.20s-%d", stored.sha256, until)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(short))
	return nil
}

func (s *Server) rendition(w http.ResponseWriter, r *http.Request) error {
	kind := storage.RenditionKind(r.PathValue("kind"))
	if kind == storage.RenditionMP4 { // has a route and a rule of its own
		return storage.Errorf(storage.NotFound, "There is nothing at this address.")
	}
	return s.serveRendition(w, r, kind)
}

// download serves the MP4 as a file that is named after the recording.
func (s *Server) download(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	recording, err := s.options.Catalogue.Recording(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", attachment(recording.Title, "mp4"))
	return s.serveRendition(w, r, storage.RenditionMP4)
}

func (s *Server) serveRendition(w http.ResponseWriter, r *http.Request, kind storage.RenditionKind) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	found, err := s.options.Catalogue.Rendition(r.Context(), id, kind)
	if err != nil {
		return err
	}
	return s.serveObject(w, r, object{key: found.ObjectKey, bytes: found.Bytes,
		sha256: found.SHA256, mediaType: found.MediaType})
}

// object is a stored object as the catalogue knows it, or a part of one.
type object struct {
	key, mediaType, sha256 string
	from, bytes            int64
}

// mostRanges is how many parts of an object one request may name: players ask for one. Each costs a
// request to the store, and a header has room for thousands.
const mostRanges = 4

// serveObject answers with an object, or the part of it that is asked for (RFC 9110, section 14).
// A store that does not answer is an error of the usual kind, as long as nothing has been sent.
func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, o object) error {
	if strings.Count(r.Header.Get("Range"), ",") >= mostRanges {
		r.Header.Del("Range") // RFC 9110, section 14.2: a server may answer with the whole
	}
	content := &objectReader{ctx: r.Context(), store: s.options.Objects, object: o}
	defer content.Close()
	late := &lateWriter{ResponseWriter: w}
	before := w.Header().Clone()
	h := w.Header()
	h.Set("Content-Type", o.mediaType)
	h.Set("Cache-Control", private)
	h.Set("ETag", etag(o.sha256))
	http.ServeContent(late, r, "", time.Time{}, content)
	if content.failure != nil && !late.sent {
		clear(h)
		for name, values := range before {
			h[name] = values
		}
		h.Del("Content-Disposition")
		return content.failure
	}
	late.send()
	return nil
}

func etag(sha string) string { return `"` + sha[:min(32, len(sha))] + `"` }

// lateWriter keeps the status back until the first byte of the body is there.
type lateWriter struct {
	http.ResponseWriter
	status int
	sent   bool
}

// WriteHeader implements http.ResponseWriter.
func (w *lateWriter) WriteHeader(status int) { w.status = status }

// Write implements http.ResponseWriter.
func (w *lateWriter) Write(p []byte) (int, error) {
	w.send()
	return w.ResponseWriter.Write(p)
}

func (w *lateWriter) send() {
	if w.sent {
		return
	}
	w.sent = true
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// window is how much of an object is asked of the store at once: more than any segment, and
// little to have read in vain when a player goes elsewhere.
const window = 4 << 20

// objectReader reads an object from any offset, a window at a time.
type objectReader struct {
	ctx     context.Context
	store   objects.Getter
	object  object
	offset  int64         // in the object
	body    io.ReadCloser // at offset; nil: none is open
	left    int64         // of the window
	failure error
}

// Read implements io.Reader.
func (o *objectReader) Read(p []byte) (int, error) {
	if o.offset >= o.object.bytes {
		return 0, io.EOF
	}
	if o.body == nil {
		length := min(window, o.object.bytes-o.offset)
		body, _, err := o.store.Get(o.ctx, o.object.key, o.object.from+o.offset, length)
		if err != nil {
			o.failure = err
			return 0, err
		}
		o.body, o.left = body, length
	}
	n, err := o.body.Read(p[:min(int64(len(p)), o.left)])
	o.offset += int64(n)
	o.left -= int64(n)
	switch {
	case o.left == 0:
		o.Close()
		err = nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF // the object is shorter than the catalogue says
	}
	if err != nil {
		o.failure = storage.Errorf(storage.Unavailable,
			"The recording's storage does not answer. Please try again in a moment. %w", err)
	}
	return n, err
}

// Seek implements io.Seeker.
func (o *objectReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.object.bytes
	}
	if offset < 0 {
		return 0, fmt.Errorf("web: seek to %d", offset)
	}
	if offset != o.offset {
		o.Close()
		o.offset = offset
	}
	return offset, nil
}

// Close lets go of what is open.
func (o *objectReader) Close() error {
	if o.body == nil {
		return nil
	}
	body := o.body
	o.body = nil
	return body.Close()
}

// readObject reads a small object whole: at most limit bytes.
func (s *Server) readObject(ctx context.Context, key string, limit int64) ([]byte, error) {
	body, info, err := s.options.Objects.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if info.Bytes > limit {
		return nil, storage.Errorf(storage.TooLarge, "An object of %d bytes was not read.", info.Bytes)
	}
	var out bytes.Buffer
	_, err = io.Copy(&out, io.LimitReader(body, limit))
	return out.Bytes(), err
}

// readPart reads all of o, which is at most mostTrimmed long.
func (s *Server) readPart(ctx context.Context, o object) ([]byte, error) {
	if o.bytes > mostTrimmed {
		return nil, storage.Errorf(storage.TooLarge, "An object of %d bytes was not read.", o.bytes)
	}
	content := &objectReader{ctx: ctx, store: s.options.Objects, object: o}
	defer content.Close()
	data := make([]byte, o.bytes)
	if _, err := io.ReadFull(content, data); err != nil {
		if content.failure != nil {
			err = content.failure
		}
		return nil, err
	}
	return data, nil
}

// attachment is a Content-Disposition that names a file after a title in any script (RFC 6266):
// filename* for the title itself, filename in ASCII for what does not know it.
func attachment(title, extension string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, strings.Trim(title, " ."))
	if name == "" {
		name = "backrow"
	}
	plain := strings.Map(func(r rune) rune {
		if r > 0x7e || r == '%' || r == '\'' {
			return '_'
		}
		return r
	}, name)
	disposition := mime.FormatMediaType("attachment", map[string]string{
		"filename": plain + "." + extension,
	})
	if plain == name {
		return disposition
	}
	return disposition + "; filename*=UTF-8''" + percentEncoded(name+"."+extension)
}

// percentEncoded escapes what RFC 8187 does not allow in an ext-value.
func percentEncoded(text string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~"
	var out strings.Builder
	for _, b := range []byte(text) {
		if strings.IndexByte(plain, b) >= 0 {
			out.WriteByte(b)
		} else {
			fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}
