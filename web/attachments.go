package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/web/filetype"
)

const (
	// maxAttachment is the most bytes of one file that goes with a recording: a plan with pictures,
	// some photos of work; a lesson's video is no attachment.
	maxAttachment = 25 << 20
	// attachmentsAtOnce is how many files are received side by side; each takes its size on the disk.
	attachmentsAtOnce = 16
)

// Attachment is a file that goes with a recording.
type Attachment struct {
	ID        storage.ID   `json:"id"`
	Name      string       `json:"name" doc:"Cleaned: as it is saved."`
	MediaType string       `json:"media_type" doc:"As its bytes say."`
	Bytes     int64        `json:"bytes"`
	CreatedAt storage.Time `json:"created_at"`
}

func attachmentOf(a storage.Attachment) Attachment {
	return Attachment{ID: a.ID, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes, CreatedAt: a.CreatedAt}
}

const (
	attachmentsPath = "/api/recordings/{id}/attachments"
	attachmentPath  = attachmentsPath + "/{attachment}"
)

// AttachmentPath is exported because huma fills in nothing of embedded types that are not.
type AttachmentPath struct {
	ID         storage.ID `path:"id"`
	Attachment storage.ID `path:"attachment"`
}

func (s *Server) attachmentOperations() {
	tags := []string{"attachments"}
	operation(s, may(access.SeeRecording, "id"), huma.Operation{OperationID: "list-attachments",
		Method: http.MethodGet, Path: attachmentsPath, Tags: tags,
		Summary: "The files that go with a recording"}, s.listAttachments)
	operation(s, may(access.EditRecording, "id"), huma.Operation{OperationID: "remove-attachment",
		Method: http.MethodDelete, Path: attachmentPath, Tags: tags, DefaultStatus: http.StatusNoContent,
		Summary: "Remove a file; this cannot be undone"}, s.removeAttachment)
	s.describeAttachments(tags)
}

// attachmentRoutes are those whose bodies are files.
func (s *Server) attachmentRoutes() []route {
	return []route{
		{method: http.MethodPut, pattern: attachmentPath, who: may(access.EditRecording, "id"),
			handle: s.putAttachment},
		{method: http.MethodGet, pattern: attachmentPath, who: may(access.SeeRecording, "id"),
			handle: s.getAttachment},
	}
}

func (s *Server) listAttachments(ctx context.Context, in *recordingInput) (*struct {
	Body struct {
		Items []Attachment `json:"items" nullable:"false"`
	}
}, error) {
	found, err := s.options.Catalogue.Attachments(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var out struct {
		Body struct {
			Items []Attachment `json:"items" nullable:"false"`
		}
	}
	out.Body.Items = each(found, attachmentOf)
	return &out, nil
}

func (s *Server) removeAttachment(ctx context.Context, in *struct{ AttachmentPath }) (*struct{}, error) {
	v, _ := viewerOf(ctx)
	var gone storage.Attachment
	err := s.options.DB.InTx(ctx, func(tx *storage.Tx) error {
		var err error
		if gone, err = s.options.Catalogue.RemoveAttachment(ctx, tx, in.ID, in.Attachment); err != nil {
			return err
		}
		return s.options.Review.Audit(ctx, tx, review.Entry{ActorID: v.ID, Action: "attachment.removed",
			Subject: "recording:" + string(in.ID), Detail: "attachment=" + string(in.Attachment)})
	})
	if err != nil {
		return nil, err
	}
	s.dropObject(ctx, gone.ObjectKey)
	return nil, nil
}

// dropObject deletes an object that nothing names any more. What is left of it goes with its
// recording.
func (s *Server) dropObject(ctx context.Context, key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bodyTime)
	defer cancel()
	if err := s.options.Objects.Delete(ctx, key); err != nil {
		s.options.Log.Warn("an object was left behind", "key", key, "error", err)
	}
}

// getAttachment serves a file as a download, never as a page: whatever it holds, a browser that
// shows it all the same runs nothing of it.
func (s *Server) getAttachment(w http.ResponseWriter, r *http.Request) error {
	recording, err := pathID(r, "id")
	if err != nil {
		return err
	}
	id, err := pathID(r, "attachment")
	if err != nil {
		return err
	}
	a, err := s.options.Catalogue.Attachment(r.Context(), recording, id)
	if err != nil {
		return err
	}
	extension := path.Ext(a.Name)
	h := w.Header()
	h.Set("Content-Disposition", attachment(strings.TrimSuffix(a.Name, extension), strings.TrimPrefix(extension, ".")))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	return s.serveObject(w, r, object{key: a.ObjectKey, bytes: a.Bytes, sha256: a.SHA256, mediaType: a.MediaType})
}

// putAttachment takes a file. What can be refused without its body is refused before it is read.
func (s *Server) putAttachment(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	recording, err := pathID(r, "id")
	if err != nil {
		return err
	}
	id, err := storage.ParseID(r.PathValue("attachment"))
	if err != nil {
		return err
	}
	switch {
	case r.ContentLength < 0:
		return &statusError{http.StatusLengthRequired, storage.Errorf(storage.Invalid,
			"A file must say how long it is (Content-Length).")}
	case r.ContentLength > maxAttachment:
		return storage.Errorf(storage.TooLarge,
			"This file is larger than %d MB, which is the most that fits.", maxAttachment>>20)
	}
	if err := s.options.Catalogue.RoomForAttachment(ctx, recording, id); err != nil {
		return err
	}
	select {
	case s.files <- struct{}{}:
		defer func() { <-s.files }()
	default:
		return storage.Errorf(storage.TooMany, "Many files are being sent just now. Please try again in a moment.")
	}
	file, sum, err := s.receive(w, r)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it has no name any more
	is, err := filetype.Of(file, r.ContentLength)
	if err != nil {
		return err
	}
	a := storage.Attachment{ID: id, RecordingID: recording, Name: filetype.Name(r.URL.Query().Get("name"), is),
		MediaType: is.Media, Bytes: r.ContentLength, SHA256: sum}
	have, made, err := s.keepAttachment(ctx, a, file)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
	}
	return answerJSON(w, status, attachmentOf(have))
}

func answerJSON(w http.ResponseWriter, status int, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the client went away
	return nil
}

// keepAttachment stores a file and then notes it. Until it is noted nobody can see it.
func (s *Server) keepAttachment(ctx context.Context, a storage.Attachment, file io.ReadSeeker,
) (storage.Attachment, bool, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return a, false, err
	}
	key := storage.AttachmentKey(a.RecordingID, a.ID)
	if err := s.options.Objects.Put(ctx, key, file, a.Bytes, objects.PutOptions{MediaType: a.MediaType,
		SHA256: a.SHA256, Fresh: true}); err != nil {
		return a, false, err
	}
	have, made, err := s.options.Catalogue.AddAttachment(ctx, a)
	switch storage.KindOf(err) {
	case storage.TooMany, storage.NotFound, storage.Conflict:
		// It lost a race for the last place, the recording is gone, or the id is another's: had this
		// recording a file of that id with other bytes, the Put had failed.
		s.dropObject(ctx, key)
	}
	return have, made, err
}

// receive reads a body into a file without a name, and tells its hash. It must keep up a rate, as
// blobs must.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) (*os.File, string, error) {
	file, err := os.CreateTemp("", "backrow-attachment-")
	if err != nil {
		return nil, "", storage.Errorf(storage.Unavailable,
			"The server has no room for a file just now. Please tell the operator. %w", err)
	}
	os.Remove(file.Name()) //nolint:errcheck // it is cleared away with /tmp otherwise
	body := &pacedBody{body: r.Body, control: http.NewResponseController(w), begun: time.Now(),
		rate: s.options.BlobRate, grace: s.options.BlobGrace}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, hash), io.LimitReader(body, maxAttachment))
	switch {
	case err == nil && n == r.ContentLength:
		return file, hex.EncodeToString(hash.Sum(nil)), nil
	case body.failed != nil, err == nil, errors.Is(err, io.ErrUnexpectedEOF):
		err = &statusError{http.StatusRequestTimeout, storage.Errorf(storage.Unavailable,
			"The file came too slowly, or was broken off. Please send it again. %w", err)}
	default:
		err = storage.Errorf(storage.Unavailable,
			"The server has no room for this file just now. Please tell the operator. %w", err)
	}
	file.Close() //nolint:errcheck // what failed is told
	return nil, "", err
}

// describeAttachments adds to the description of the API what is not JSON.
func (s *Server) describeAttachments(tags []string) {
	text := &huma.Schema{Type: huma.TypeString}
	binary := map[string]*huma.MediaType{"application/octet-stream": {
		Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	problem := func(about string) *huma.Response {
		return &huma.Response{Description: about,
			Content: map[string]*huma.MediaType{"application/problem+json": {Schema: s.problemSchema}}}
	}
	names := []*huma.Param{{In: "path", Name: "id", Required: true, Schema: text},
		{In: "path", Name: "attachment", Required: true, Schema: text, Description: "A UUIDv7 made by the client."}}
	session := []map[string][]string{{"session": {}}}
	s.api.OpenAPI().AddOperation(&huma.Operation{OperationID: "put-attachment", Method: http.MethodPut,
		Path: attachmentPath, Tags: tags, Summary: "Send a file that goes with a recording", Security: session,
		Description: "At most " + strconv.Itoa(maxAttachment>>20) + " MiB each and " + strconv.Itoa(storage.MaxAttachments) +
			" a recording. What it is, is told by its bytes: documents without macros, pictures, sound, video and plain text.",
		Parameters:  append(names, &huma.Param{In: "query", Name: "name", Schema: text, Description: "Its name; it is cleaned."}),
		RequestBody: &huma.RequestBody{Required: true, Content: binary},
		Responses: map[string]*huma.Response{"201": {Description: "It is stored."}, "200": {Description: "It was there already."},
			"409": problem("Another file has this id."), "411": problem("Content-Length is missing."),
			"413": problem("It is too large."), "422": problem("Files of this kind are not taken."),
			"429": problem("The recording is full, or too much comes at once.")},
	})
	s.api.OpenAPI().AddOperation(&huma.Operation{OperationID: "get-attachment", Method: http.MethodGet,
		Path: attachmentPath, Tags: tags, Summary: "Download a file", Security: session, Parameters: names,
		Responses: map[string]*huma.Response{"200": {Description: "The file.", Content: binary},
			"404": problem("There is none.")},
	})
}
