package capture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"backrow/capture/backup"
	"backrow/storage"
	"backrow/storage/objects"
)

// LocalTake is what a browser says of a take that it recorded itself.
type LocalTake struct {
	Recording storage.ID
	Take      storage.ID
	Source    string // camera, screen; empty: camera
	OffsetMS  int64  // where on the timeline its media time 0 lies
	StartedAt storage.Time
	MediaType string // as MediaRecorder names it
	LeadMS    int64  // by how much its picture is too early against its sound; at most storage.MaxLeadMS
}

// LocalEnd is how a local take ended.
type LocalEnd struct {
	Blobs    int64
	LengthMS int64
	Reason   string // one of endReasons
}

// endReasons are why a browser's own take ends.
var endReasons = []string{"stopped", "paused", "device", "resized", "reload", "crash"}

// LocalBlob is a blob on its way in.
type LocalBlob struct {
	Recording storage.ID
	Take      storage.ID
	Number    int64
	Bytes     int64 // of the body
	SHA256    [32]byte
	Body      io.Reader
}

const maxMediaType = 200 // bytes

// BeginLocal opens a local take; made tells whether it is new. See storage.BeginLocalTake.
func (s *Server) BeginLocal(ctx context.Context, t LocalTake) (take storage.Take, made bool, err error) {
	if t.Source == "" {
		t.Source = "camera"
	}
	known, direct := backup.CheckType(t.MediaType)
	switch {
	case t.Source != "camera" && t.Source != "screen":
		return take, false, storage.Errorf(storage.Invalid, "source must be camera or screen.")
	case !known || len(t.MediaType) > maxMediaType:
		return take, false, storage.Errorf(storage.Invalid,
			"media_type must be one that browsers record in, such as video/mp4 or video/webm, and not %.60q.",
			t.MediaType)
	case t.StartedAt.IsZero() || t.StartedAt.Year() < 2000 || t.StartedAt.Year() > 9999:
		return take, false, storage.Errorf(storage.Invalid, "started_at must be when the take began.")
	}
	take, made, err = s.options.Catalogue.BeginLocalTake(ctx, storage.Take{ID: t.Take,
		RecordingID: t.Recording, Source: t.Source, OffsetMS: t.OffsetMS,
		StartedAt: storage.At(t.StartedAt.Time), MediaType: t.MediaType, LeadMS: t.LeadMS,
		Direct: direct})
	if made {
		s.options.Log.Info("capture: a laptop's own take begins", "recording", t.Recording, "take", t.Take,
			"source", t.Source, "offset_ms", t.OffsetMS, "type", t.MediaType, "picture_lead_ms", t.LeadMS)
		if s.isSettled(ctx, t.Recording) {
			s.looked(context.WithoutCancel(ctx), t.Recording) // more is expected of it again
		}
	}
	return take, made, err
}

func (s *Server) isSettled(ctx context.Context, recording storage.ID) bool {
	r, err := s.options.Catalogue.Recording(ctx, recording)
	return err == nil && !r.SettledAt.IsZero()
}

// PutBlob stores a blob: when it returns without an error, the blob is durable and in the
// catalogue. made is false when the same bytes were there before. What can be refused without the
// body is refused before it is read. Errors besides the catalogue's own: TooLarge, TooMany while
// too much comes in at once, Invalid where the body is not what was announced, and Unavailable when
// the store or the database does not take it in time; then it can be sent again.
func (s *Server) PutBlob(ctx context.Context, b LocalBlob) (made bool, err error) {
	defer func() { s.locals.count(err) }()
	switch {
	case b.Bytes > s.options.BlobBytes:
		return false, storage.Errorf(storage.TooLarge, "A blob has %d bytes at most.", s.options.BlobBytes)
	case b.Bytes <= 0:
		return false, storage.Errorf(storage.Invalid, "A blob has a byte at least.")
	}
	leave, err := s.locals.enter(b.Recording, b.Bytes)
	if err != nil {
		return false, err
	}
	defer leave()
	row := storage.Blob{TakeID: b.Take, Number: b.Number, Bytes: b.Bytes,
		SHA256: hex.EncodeToString(b.SHA256[:])}
	have, err := s.options.Catalogue.MayAddBlob(ctx, b.Recording, row)
	if err != nil {
		return false, err
	}
	var lead backup.Lead
	if !have {
		if lead, err = s.leadOf(ctx, b.Recording, row); err != nil {
			return false, err
		}
	}
	data, err := b.read()
	if have || err != nil {
		return false, err
	}
	return s.storeBlob(ctx, b, row, lead, data)
}

// leadOf is by how much the picture of a blob's take is put off.
func (s *Server) leadOf(ctx context.Context, recording storage.ID, b storage.Blob) (lead backup.Lead, err error) {
	ms, tracks, err := s.options.Catalogue.Lead(ctx, recording, b)
	lead.MS = ms
	for _, t := range tracks {
		lead.Tracks = append(lead.Tracks, backup.Track{Number: uint32(t.Number), Kind: t.Kind,
			Codec: t.Codec, Timescale: uint32(t.Timescale)})
	}
	return lead, err
}

// key names an object of the blob's take.
func (b LocalBlob) key(format string, args ...any) string {
	return fmt.Sprintf("recordings/%s/takes/%s/", b.Recording, b.Take) + fmt.Sprintf(format, args...)
}

// read reads the body, and holds it to its length and hash.
func (b LocalBlob) read() ([]byte, error) {
	data := make([]byte, b.Bytes)
	if _, err := io.ReadFull(b.Body, data); err != nil {
		return nil, storage.Errorf(storage.Invalid, "The blob ended before all of it had come. %w", err)
	}
	if sha256.Sum256(data) != b.SHA256 {
		return nil, storage.Errorf(storage.Invalid,
			"What came is not what was sent: the blob's hash is another. Please send it again.")
	}
	return data, nil
}

// storeBlob stores a blob that has come whole. Its sender may go away meanwhile: what is there is
// kept all the same.
func (s *Server) storeBlob(ctx context.Context, b LocalBlob, row storage.Blob, lead backup.Lead,
	data []byte,
) (bool, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.options.BlobTimeout)
	defer cancel()
	begun := time.Now()
	added, err := s.addBlob(ctx, b, row, lead, data)
	if err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = storage.Errorf(storage.Unavailable, "The server's storage does not answer. "+
				"Nothing is lost: please send the blob again. %w", err)
		}
		if storage.KindOf(err) == storage.Unavailable {
			s.locals.outage.failed(b.Take, err)
		}
		return false, err
	}
	s.locals.outage.worked(b.Take)
	s.locals.stored(b.Bytes, time.Since(begun))
	log := s.options.Log.With("recording", b.Recording, "take", b.Take, "number", b.Number)
	log.Debug("capture: a blob is stored", "bytes", b.Bytes, "segments", added.Made,
		"took", time.Since(begun), "new", added.New)
	if added.Why != "" {
		log.Info("capture: a laptop's own take must be transcoded", "why", added.Why)
	}
	s.advanced(ctx, log, added)
	return added.New, nil
}

// addBlob stores a blob and what is cut out of it, and notes it in the catalogue.
func (s *Server) addBlob(ctx context.Context, b LocalBlob, row storage.Blob, lead backup.Lead,
	data []byte,
) (storage.Added, error) {
	read := lead.Read(data)
	row.Contents.V.Why = read.Why
	// Named after the content: what is mended in a blob may differ from one version of this server to
	// the next, and a blob may come again after an update.
	_, sum := measure(data)
	row.ObjectKey = b.key("blobs/%d-%.8s", b.Number, sum)
	if i := read.Init; i != nil {
		made, err := s.storeInit(ctx, b, *i)
		if err != nil {
			return storage.Added{}, err
		}
		row.Contents.V.Init = &made
	}
	for _, f := range read.Fragments {
		row.Contents.V.Fragments = append(row.Contents.V.Fragments, fragmentOf(f, data))
	}
	if err := s.putObject(ctx, row.ObjectKey, "application/octet-stream", sum, data); err != nil {
		return storage.Added{}, err
	}
	return s.options.Catalogue.AddBlob(ctx, b.Recording, row, s.arrived())
}

// storeInit stores an init segment.
func (s *Server) storeInit(ctx context.Context, b LocalBlob, i backup.Init) (storage.BlobInit, error) {
	made := storage.BlobInit{Codecs: i.Codecs, Width: int64(i.Width), Height: int64(i.Height)}
	made.Bytes, made.SHA256 = measure(i.Data)
	made.ObjectKey = b.key("init-%d-%.8s.mp4", b.Number, made.SHA256)
	for _, t := range i.Tracks {
		made.Tracks = append(made.Tracks, storage.BlobTrack{Number: int64(t.Number), Kind: t.Kind,
			Codec: t.Codec, Timescale: int64(t.Timescale)})
	}
	return made, s.putObject(ctx, made.ObjectKey, "video/mp4", made.SHA256, i.Data)
}

// fragmentOf says where in a blob a fragment lies.
func fragmentOf(f backup.Fragment, blob []byte) storage.Fragment {
	made := storage.Fragment{From: f.From}
	made.Bytes, made.SHA256 = measure(blob[f.From : f.From+f.Bytes])
	for _, r := range f.Runs {
		made.Runs = append(made.Runs, storage.Run{Track: int64(r.Track), Start: r.Start, End: r.End, Key: r.Key})
	}
	return made
}

func (s *Server) putObject(ctx context.Context, key, media, sha string, data []byte) error {
	return s.options.Objects.Put(ctx, key, bytes.NewReader(data), int64(len(data)),
		objects.PutOptions{MediaType: media, SHA256: sha, Fresh: true})
}

// arrived is what is to be done when all of a take is there that must be transcoded.
func (s *Server) arrived() storage.Arrived {
	if s.options.Jobs == nil {
		return nil
	}
	return s.options.Jobs.TakeArrived
}

// advanced does what follows when a take has got on.
func (s *Server) advanced(ctx context.Context, log *slog.Logger, added storage.Added) {
	t := added.Take
	switch {
	case added.Completed:
		log.Info("capture: a laptop's own take is complete", "blobs", t.BlobCount, "length_ms", t.LengthMS)
		s.locals.completed()
		s.looked(context.WithoutCancel(ctx), t.RecordingID)
	case added.New && !t.Direct && t.BlobCount == t.MadeBlobs:
		log.Info("capture: all of a laptop's own take is there; it is to be transcoded", "blobs", t.BlobCount)
	}
}

// Blobs tells which blobs of a local take are there.
func (s *Server) Blobs(ctx context.Context, recording, take storage.ID) (storage.Held, error) {
	return s.options.Catalogue.HeldBlobs(ctx, recording, take)
}

// EndLocal ends a local take. See storage.EndLocalTake.
func (s *Server) EndLocal(ctx context.Context, recording, take storage.ID, end LocalEnd) (storage.Take, error) {
	if !slices.Contains(endReasons, end.Reason) {
		return storage.Take{}, storage.Errorf(storage.Invalid, "reason must be one of %v.", endReasons)
	}
	added, err := s.options.Catalogue.EndLocalTake(ctx, recording, take, end.Blobs, end.LengthMS,
		end.Reason, s.arrived())
	if err != nil {
		return storage.Take{}, err
	}
	if added.New {
		log := s.options.Log.With("recording", recording, "take", take)
		log.Info("capture: a laptop's own take has ended", "reason", end.Reason, "blobs", end.Blobs,
			"length_ms", end.LengthMS)
		s.advanced(ctx, log, added)
	}
	return added.Take, nil
}
