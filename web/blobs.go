package web

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"backrow/capture"
	"backrow/review/access"
	"backrow/storage"
)

// What the body of a blob must do at the least, so that nobody holds a place by sending a byte now
// and then.
const (
	usualBlobRate  = 8000 // bytes a second, on the average since the grace ended: 64 kbit/s
	usualBlobGrace = 10 * time.Second
)

// LocalTake is a take that a browser records itself and sends in blobs, as the API tells of it.
type LocalTake struct {
	ID        storage.ID `json:"id"`
	Source    string     `json:"source" enum:"camera,screen"`
	OffsetMS  int64      `json:"offset_ms"`
	MediaType string     `json:"media_type"`
	LeadMS    int64      `json:"picture_lead_ms" doc:"By how much its picture has been put off."`
	Direct    bool       `json:"direct" doc:"Its fragments are shown as they are; others are transcoded when all are there."`
	BlobCount int64      `json:"blob_count" doc:"How many there are; -1: it has not been said."`
	Complete  bool       `json:"complete" doc:"All of it is stored and can be shown."`
}

// NewLocalTake is what a local take is begun with.
type NewLocalTake struct {
	Source    string       `json:"source,omitempty" enum:"camera,screen" default:"camera"`
	OffsetMS  int64        `json:"offset_ms" minimum:"0" maximum:"86400000" doc:"Where on the recording's timeline the take's media time 0 lies."`
	StartedAt storage.Time `json:"started_at" format:"date-time" doc:"When that was, by the sender's clock."`
	MediaType string       `json:"media_type" maxLength:"200" doc:"Of the blobs, as MediaRecorder names it, such as video/mp4;codecs=avc1.640020,opus."`
	LeadMS    int64        `json:"picture_lead_ms,omitempty" minimum:"0" maximum:"200" default:"0" doc:"By how much the picture in the blobs is too early against their sound, as where both count from zero though the first frame came later. It is put off by as much in what is shown as it is; the blob with the init segment must then come before the others."`
}

// LocalEnd says how a local take ended.
type LocalEnd struct {
	Blobs    int64  `json:"blobs" minimum:"0" maximum:"100000" doc:"How many there are in all."`
	LengthMS int64  `json:"length_ms" minimum:"0" maximum:"86400000"`
	Reason   string `json:"reason" enum:"stopped,paused,device,resized,reload,crash"`
}

// HeldBlobs says which blobs of a take are there.
type HeldBlobs struct {
	Have      [][2]int64 `json:"have" nullable:"false" doc:"The first and the last number of each unbroken row."`
	Bytes     int64      `json:"bytes"`
	BlobCount int64      `json:"blob_count" doc:"How many there are in all; -1: it has not been said."`
	Complete  bool       `json:"complete" doc:"All of it is stored and can be shown."`
}

// CaptureToken opens one recording for its takes, and nothing else, without a session.
type CaptureToken struct {
	Token     string       `json:"token" doc:"For Authorization: Bearer."`
	ExpiresAt storage.Time `json:"expires_at"`
}

// TakePath is exported because huma fills in nothing of embedded types that are not.
type TakePath struct {
	ID   storage.ID `path:"id"`
	Take storage.ID `path:"take"`
}

// parse folds the ids. What is not an id names nothing.
func (p TakePath) parse() (recording, take storage.ID, err error) {
	if recording, err = storage.ParseID(string(p.ID)); err == nil {
		take, err = storage.ParseID(string(p.Take))
	}
	return recording, take, err
}

func localTakeOf(t storage.Take) LocalTake {
	return LocalTake{ID: t.ID, Source: t.Source, OffsetMS: t.OffsetMS, MediaType: t.MediaType,
		LeadMS: t.LeadMS, Direct: t.Direct, BlobCount: t.BlobCount, Complete: !t.CompletedAt.IsZero()}
}

func (s *Server) localOperations() {
	const take = "/api/recordings/{id}/takes/{take}"
	tags := []string{"local takes"}
	operation(s, sends("id"), huma.Operation{
		OperationID: "begin-local-take", Method: http.MethodPut, Path: take, Tags: tags,
		Summary: "Begin a take that is sent in blobs", DefaultStatus: http.StatusCreated,
		Description: "201 when it is new, 200 when it was begun before with the same facts.",
	}, s.beginLocal)
	operation(s, sends("id"), huma.Operation{
		OperationID: "held-blobs", Method: http.MethodGet, Path: take + "/blobs", Tags: tags,
		Summary: "Which blobs of a take are there",
	}, s.heldBlobs)
	operation(s, sends("id"), huma.Operation{
		OperationID: "end-local-take", Method: http.MethodPost, Path: take + "/end", Tags: tags,
		Summary: "Say how many blobs a take has",
	}, s.endLocal)
	operation(s, may(access.Capture, "id"), huma.Operation{
		OperationID: "make-capture-token", Method: http.MethodPost,
		Path: "/api/recordings/{id}/capture-token", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Make a token that sends to this recording without a session",
	}, s.makeCaptureToken)
	s.describeBlobs(take+"/blobs/{number}", tags)
}

// blobRoutes are the routes of local takes whose bodies are media.
func (s *Server) blobRoutes() []route {
	return []route{{method: http.MethodPut,
		pattern: "/api/recordings/{id}/takes/{take}/blobs/{number}", who: sends("id"), handle: s.putBlob}}
}

type localTakeOutput struct {
	Status int
	Body   LocalTake
}

func (s *Server) beginLocal(ctx context.Context, in *struct {
	TakePath
	Body NewLocalTake
}) (*localTakeOutput, error) {
	recording, id, err := in.parse()
	if err != nil {
		return nil, err
	}
	t, made, err := s.options.Capture.BeginLocal(ctx, capture.LocalTake{Recording: recording, Take: id,
		Source: in.Body.Source, OffsetMS: in.Body.OffsetMS, StartedAt: in.Body.StartedAt,
		MediaType: in.Body.MediaType, LeadMS: in.Body.LeadMS})
	if err != nil {
		return nil, err
	}
	out := &localTakeOutput{Status: http.StatusOK, Body: localTakeOf(t)}
	if made {
		out.Status = http.StatusCreated
	}
	return out, nil
}

func (s *Server) heldBlobs(ctx context.Context, in *struct{ TakePath }) (*struct{ Body HeldBlobs }, error) {
	recording, take, err := in.parse()
	if err != nil {
		return nil, err
	}
	held, err := s.options.Capture.Blobs(ctx, recording, take)
	if err != nil {
		return nil, err
	}
	have := held.Ranges
	if have == nil {
		have = [][2]int64{}
	}
	return &struct{ Body HeldBlobs }{HeldBlobs{Have: have, Bytes: held.Bytes,
		BlobCount: held.Take.BlobCount, Complete: !held.Take.CompletedAt.IsZero()}}, nil
}

func (s *Server) endLocal(ctx context.Context, in *struct {
	TakePath
	Body LocalEnd
}) (*struct{ Body LocalTake }, error) {
	recording, take, err := in.parse()
	if err != nil {
		return nil, err
	}
	t, err := s.options.Capture.EndLocal(ctx, recording, take, capture.LocalEnd{Blobs: in.Body.Blobs,
		LengthMS: in.Body.LengthMS, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	return &struct{ Body LocalTake }{localTakeOf(t)}, nil
}

func (s *Server) makeCaptureToken(ctx context.Context, in *recordingInput) (*struct{ Body CaptureToken }, error) {
	v, _ := viewerOf(ctx)
	token, err := s.options.Catalogue.NewCaptureToken(ctx, in.ID, v.ID, s.options.Now())
	if err != nil {
		return nil, err
	}
	return &struct{ Body CaptureToken }{CaptureToken{token.Secret, token.ExpiresAt}}, nil
}

// putBlob takes one blob. What can be refused without its body is refused before it is read.
func (s *Server) putBlob(w http.ResponseWriter, r *http.Request) error {
	body := &pacedBody{body: r.Body, control: http.NewResponseController(w), begun: time.Now(),
		rate: s.options.BlobRate, grace: s.options.BlobGrace}
	made, err := s.takeBlob(r, body)
	if err != nil {
		body.passOver(w, r.ContentLength)
		if storage.KindOf(err) == storage.TooMany {
			w.Header().Set("Retry-After", soon)
		}
		return err
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	return nil
}

// soon is when places for blobs may be free again, in seconds.
const soon = "2"

func (s *Server) takeBlob(r *http.Request, body *pacedBody) (made bool, err error) {
	b, err := s.blobOf(r)
	if err != nil {
		return false, err
	}
	b.Body = body
	made, err = s.options.Capture.PutBlob(r.Context(), b)
	switch {
	case err != nil && body.failed != nil:
		return false, unread(err)
	case storage.KindOf(err) == storage.Invalid:
		return false, &statusError{http.StatusBadRequest, err}
	}
	return made, err
}

// blobOf reads what a request says of its blob before the body.
func (s *Server) blobOf(r *http.Request) (b capture.LocalBlob, err error) {
	if b.Recording, err = pathID(r, "id"); err != nil {
		return b, err
	}
	if b.Take, err = pathID(r, "take"); err != nil {
		return b, err
	}
	if b.Number, err = strconv.ParseInt(r.PathValue("number"), 10, 64); err != nil || b.Number < 1 {
		return b, badRequest("A blob's number is a whole number from 1.")
	}
	if r.ContentLength < 0 {
		return b, &statusError{http.StatusLengthRequired, storage.Errorf(storage.Invalid,
			"A blob must say how long it is (Content-Length).")}
	}
	b.Bytes = r.ContentLength
	b.SHA256, err = contentDigest(r.Header.Values("Content-Digest"))
	return b, err
}

// contentDigest reads the SHA-256 out of Content-Digest (RFC 9530, section 2), which is a
// dictionary of structured fields (RFC 9651): other digests beside it are left alone.
func contentDigest(values []string) (sum [32]byte, err error) {
	for _, member := range strings.Split(strings.Join(values, ","), ",") {
		name, value, _ := strings.Cut(strings.Trim(member, " \t"), "=")
		if name != "sha-256" {
			continue
		}
		value, _, _ = strings.Cut(value, ";")
		encoded, ok := strings.CutPrefix(strings.TrimRight(value, " \t"), ":")
		if !ok || !strings.HasSuffix(encoded, ":") {
			break
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(encoded, ":"))
		if err != nil || copy(sum[:], raw) != len(raw) || len(raw) != len(sum) {
			break
		}
		return sum, nil
	}
	return sum, badRequest("A blob needs its hash: Content-Digest: sha-256=:BASE64: (RFC 9530).")
}

// pacedBody is a body that must keep up a rate: each read has until the moment at which its first
// byte would be late.
type pacedBody struct {
	body    io.Reader
	control *http.ResponseController
	begun   time.Time
	rate    int64
	grace   time.Duration
	read    int64
	failed  error // what reading it ended with, other than its end
}

// Read implements io.Reader.
func (p *pacedBody) Read(b []byte) (int, error) {
	due := p.begun.Add(p.grace + time.Duration(p.read)*time.Second/time.Duration(p.rate))
	if err := p.control.SetReadDeadline(due); err != nil {
		p.failed = err
		return 0, err
	}
	n, err := p.body.Read(b)
	p.read += int64(n)
	if err != nil && err != io.EOF {
		p.failed = err
	}
	return n, err
}

// passedOver is the most of a refused body that is read all the same: a browser that is still
// sending when the connection ends does not get to see the answer.
const passedOver = 16 << 20

// passOver reads what is left of a refused body, at its own pace, or has the connection closed.
func (p *pacedBody) passOver(w http.ResponseWriter, length int64) {
	if p.failed == nil && length >= 0 && length <= passedOver {
		io.Copy(io.Discard, p) //nolint:errcheck // it has been refused
	}
	if p.failed != nil || p.read < length || length < 0 {
		w.Header().Set("Connection", "close")
	}
}

// unread says why a body could not be read: it came too slowly, or its sender went away.
func unread(err error) error {
	return &statusError{http.StatusRequestTimeout, storage.Errorf(storage.Unavailable,
		"The blob came too slowly, or was broken off. Please send it again. %w", err)}
}

func badRequest(sentence string) error {
	return &statusError{http.StatusBadRequest, storage.Errorf(storage.Invalid, "%s", sentence)}
}

// describeBlobs adds the route of blobs to the description of the API: its body is not JSON.
func (s *Server) describeBlobs(path string, tags []string) {
	text := &huma.Schema{Type: huma.TypeString}
	parameter := func(in, name, about string, schema *huma.Schema) *huma.Param {
		return &huma.Param{In: in, Name: name, Required: true, Schema: schema, Description: about}
	}
	first := float64(1)
	last := float64(storage.MaxBlobs)
	op := &huma.Operation{
		OperationID: "put-blob", Method: http.MethodPut, Path: path, Tags: tags,
		Summary: "Send a blob of a take",
		Description: "Idempotent. A blob is durable when it has been answered: its object is stored and " +
			"its row committed.",
		Security: takeSecurity(),
		Parameters: []*huma.Param{
			parameter("path", "id", "", text), parameter("path", "take", "", text),
			parameter("path", "number", fmt.Sprintf("From 1, at most %d ahead of the first that is missing.",
				storage.MaxAhead), &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &first, Maximum: &last}),
			parameter("header", "Content-Digest", "sha-256=:BASE64: (RFC 9530).", text),
			parameter("header", "Content-Length", "Bodies of unknown length are refused.",
				&huma.Schema{Type: huma.TypeInteger, Format: "int64"}),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}},
		Responses: map[string]*huma.Response{
			"201": {Description: "It is durable."},
			"200": {Description: "The same bytes were there."},
		},
	}
	for status, about := range map[int]string{
		http.StatusBadRequest:            "The bytes are not those of the digest, or the number cannot be right.",
		http.StatusConflict:              "Other bytes are stored under this number, or the take ended before it.",
		http.StatusLengthRequired:        "Content-Length is missing.",
		http.StatusRequestEntityTooLarge: "The blob is larger than the server takes.",
		http.StatusRequestTimeout:        "The body came too slowly.",
		http.StatusTooManyRequests:       "Too much at once: wait as long as Retry-After says.",
		http.StatusServiceUnavailable: "The store or the database does not answer, or the take has a " +
			"picture_lead_ms and its first blob is missing: wait as long as Retry-After says.",
	} {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: about,
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: s.problemSchema}}}
	}
	s.api.OpenAPI().AddOperation(op)
}

// takeSecurity is how a request of a take may say who sends it.
func takeSecurity() []map[string][]string {
	return []map[string][]string{{"session": {}}, {"captureToken": {}}}
}
