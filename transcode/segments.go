package transcode

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/transcode/ffmpeg"
	"backrow/transcode/fragment"
)

// The files of a maker's scratch folder.
const (
	recordedFile = "recorded"
	madeFile     = "made.mp4"
)

// A take's picture is at most this large: a screen is to stay legible.
const (
	mostTakeWidth  = 3840
	mostTakeHeight = 2160
)

// segments makes H.264 and Opus of what the browser recorded, in one file of fragments that are the
// segments. On an error nothing of it is left in the store.
func (m *maker) segments(ctx context.Context) (made storage.Made, err error) {
	container, err := m.fetch(ctx)
	if err != nil {
		return made, err
	}
	limits := m.pool.bounds(storage.Ticks(min(max(m.take.LengthMS, 0), longest.Milliseconds()) *
		storage.TicksPerSecond / 1000))
	how := ffmpeg.Recorded{From: recordedFile, To: madeFile, Container: container,
		OutputBytes: m.pool.limits.OutputBytes}
	if err := m.probe(ctx, &how, limits); err != nil {
		return made, err
	}
	run := m.tools.Run(ctx, ffmpeg.Command{Args: how.Args(), Folder: m.folder, Limits: limits})
	if run != nil && !(m.last && isRefusal(run)) {
		return made, run
	}
	var start []byte
	if made, start, err = m.read(); err != nil {
		return made, errors.Join(err, run)
	}
	if run != nil {
		m.log.Warn("ffmpeg ended early: the take is what came before", "error", run)
	}
	if err := m.store(ctx, made, start); err != nil {
		m.discard(context.WithoutCancel(ctx), made)
		return made, err
	}
	return made, nil
}

// fetch puts the take's blobs together again. On the last attempt those that are missing or damaged
// are left out: what comes after may be readable all the same.
func (m *maker) fetch(ctx context.Context) (container ffmpeg.Container, err error) {
	file, err := os.OpenFile(filepath.Join(m.folder, recordedFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", onDisk(err)
	}
	defer func() { err = errors.Join(err, onDisk(file.Close())) }()
	var total int64
	for after := int64(0); ; {
		blobs, err := m.pool.catalogue.Blobs(ctx, m.take.ID, after, blobBatch)
		if err != nil {
			return "", err
		}
		for _, b := range blobs {
			after = b.Number
			data, err := m.pool.object(ctx, b.ObjectKey, 0, b.Bytes, b.SHA256)
			if isDamaged(err) && m.last {
				m.log.Warn("left out: blob is missing or damaged", "key", b.ObjectKey, "error", err)
				continue
			}
			if err != nil {
				return "", fmt.Errorf("fetch %s: %w", b.ObjectKey, err)
			}
			if total == 0 {
				container = sniff(data)
			}
			if total += int64(len(data)); total > m.pool.limits.OutputBytes {
				return "", fmt.Errorf("%w: it is larger than %d MB", errNothing,
					m.pool.limits.OutputBytes>>20)
			}
			if _, err := file.Write(data); err != nil {
				return "", onDisk(err)
			}
		}
		if len(blobs) < blobBatch {
			break
		}
	}
	if container == "" {
		return "", fmt.Errorf("%w: it is neither WebM nor MP4", errNothing)
	}
	return container, nil
}

const blobBatch = 200

// sniff tells the container from a file's first bytes, "" when it is none that browsers record in.
// What the browser says it is does not count.
func sniff(data []byte) ffmpeg.Container {
	switch {
	case bytes.HasPrefix(data, []byte{0x1a, 0x45, 0xdf, 0xa3}): // EBML (RFC 8794, section 11.2.1)
		return ffmpeg.WebM
	case len(data) >= 8 && string(data[4:8]) == "ftyp":
		return ffmpeg.MP4
	}
	return ""
}

// probe learns what is in the file: the first picture and the first sound count.
func (m *maker) probe(ctx context.Context, how *ffmpeg.Recorded, limits ffmpeg.Limits) error {
	streams, err := m.tools.Probe(ctx, how.Container, recordedFile, m.folder, limits)
	if isRefusal(err) {
		return fmt.Errorf("%w: %w", errNothing, err)
	}
	if err != nil {
		return err
	}
	for _, s := range streams {
		switch {
		case s.Kind == "video" && how.Width == 0 && s.Width > 0 && s.Height > 0:
			how.Width, how.Height = fit(s.Width, s.Height, mostTakeWidth, mostTakeHeight)
		case s.Kind == "audio" && !how.Sound && s.Channels > 0:
			how.Sound, how.Opus = true, s.Codec == "opus"
		}
	}
	if how.Width == 0 && !how.Sound {
		return fmt.Errorf("%w: it has no picture and no sound", errNothing)
	}
	return nil
}

// read takes the file that was made apart, and returns its init segment beside what is to be noted.
func (m *maker) read() (made storage.Made, start []byte, err error) {
	file, err := os.Open(filepath.Join(m.folder, madeFile))
	if err != nil {
		return made, nil, err
	}
	defer file.Close()
	scan := fragment.Scan(file, mostSegmentBytes)
	_, start, err = scan.Next()
	if err != nil {
		return made, nil, nothingIn(err)
	}
	init, err := fragment.ReadInit(start)
	if err != nil {
		return made, nil, err
	}
	m.describe(&made, init, start)
	var end storage.Ticks
	for {
		at, piece, err := scan.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return made, nil, err
		}
		samples, err := init.Samples(piece)
		if err != nil {
			return made, nil, err
		}
		if len(samples) == 0 {
			continue
		}
		s := storage.Segment{ObjectKey: m.key(".mp4"), ObjectFrom: at, Bytes: int64(len(piece)),
			SHA256: sum(piece)}
		s.Start = begins(init, samples, len(made.Segments) == 0)
		for _, sample := range samples {
			end = max(end, sample.Shown+sample.Length)
		}
		if n := len(made.Segments); n > 0 {
			last := &made.Segments[n-1]
			s.Start = max(s.Start, last.Start+1)
			last.Length = s.Start - last.Start
		}
		made.Segments = append(made.Segments, s)
	}
	if len(made.Segments) == 0 {
		return made, nil, errNothing
	}
	last := &made.Segments[len(made.Segments)-1]
	last.Length = max(end-last.Start, 1)
	if end.Duration() > longest {
		return made, nil, fmt.Errorf("%w: it says that it ends after %s", errNothing, end.Duration())
	}
	return made, start, nil
}

// nothingIn is the error of a file without an init segment.
func nothingIn(err error) error {
	if errors.Is(err, io.EOF) {
		return errNothing
	}
	return err
}

// begins is where a segment begins: with its first picture, if it has one, and the first segment of
// all with whatever comes first.
func begins(init fragment.Init, samples []fragment.Sample, first bool) storage.Ticks {
	picture, sound := storage.Ticks(math.MaxInt64), storage.Ticks(math.MaxInt64)
	for _, s := range samples {
		if init[s.Track].Width > 0 {
			picture = min(picture, s.Shown)
		} else {
			sound = min(sound, s.Shown)
		}
	}
	if picture == math.MaxInt64 || first {
		picture = min(picture, sound)
	}
	return max(picture, 0)
}

// describe notes the tracks and the init segment.
func (m *maker) describe(made *storage.Made, init fragment.Init, start []byte) {
	made.Init = storage.Init{ObjectKey: m.key("-init.mp4"), Bytes: int64(len(start)), SHA256: sum(start)}
	var codecs []string
	for id, t := range init {
		row := storage.Track{Number: int64(id), Kind: "audio", Codec: "opus", Timescale: t.Timescale}
		name := "opus"
		if t.Width > 0 {
			row.Kind, row.Codec = "video", "h264"
			made.Init.Width, made.Init.Height = int64(t.Width), int64(t.Height)
			// After the box's header and a version, profile, constraints and level (RFC 6381,
			// section 3.3).
			if name = "avc1"; len(t.Config) >= 12 {
				name = fmt.Sprintf("avc1.%02x%02x%02x", t.Config[9], t.Config[10], t.Config[11])
			}
		}
		made.Tracks = append(made.Tracks, row)
		codecs = append(codecs, name)
	}
	slices.Sort(codecs) // avc1 before opus
	made.Init.Codecs = strings.Join(codecs, ",")
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// madePrefix is where the objects that are made of a take lie, beside its blobs.
func (m *maker) madePrefix() string {
	return fmt.Sprintf("recordings/%s/takes/%s/made-", m.take.RecordingID, m.take.ID)
}

// key is that of an object of this attempt.
func (m *maker) key(suffix string) string { return m.madePrefix() + string(m.run) + suffix }

// store puts the init segment, and the whole file, of which each segment is a stretch.
func (m *maker) store(ctx context.Context, made storage.Made, start []byte) error {
	if err := m.pool.store.Put(ctx, made.Init.ObjectKey, bytes.NewReader(start), made.Init.Bytes,
		objects.PutOptions{MediaType: "video/mp4", SHA256: made.Init.SHA256}); err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(m.folder, madeFile))
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return m.pool.store.Put(ctx, m.key(".mp4"), file, size,
		objects.PutOptions{MediaType: "video/mp4", SHA256: hex.EncodeToString(hash.Sum(nil))})
}

// discard removes what this attempt has stored, unless the catalogue names it after all: the answer
// to a commit can be lost. What cannot be decided is left to a later attempt's sweep.
func (m *maker) discard(ctx context.Context, made storage.Made) {
	take, err := m.pool.catalogue.Take(ctx, m.take.ID)
	if err != nil || !take.CompletedAt.IsZero() {
		return
	}
	for _, key := range []string{made.Init.ObjectKey, m.key(".mp4")} {
		if err := m.pool.store.Delete(ctx, key); err != nil {
			m.log.Warn("object of an attempt that failed cannot be removed", "key", key, "error", err)
		}
	}
}

// sweep removes what other attempts have left; keep is the one whose objects are named. When this
// is called the take is complete: no other attempt can note anything any more.
func (m *maker) sweep(ctx context.Context, keep storage.ID) {
	found, err := m.pool.store.List(ctx, m.madePrefix(), "", 1000)
	for _, object := range found {
		if keep != "" && strings.HasPrefix(object.Key, m.madePrefix()+string(keep)) {
			continue
		}
		err = errors.Join(err, m.pool.store.Delete(ctx, object.Key))
	}
	if err != nil {
		m.log.Warn("what earlier attempts have left cannot be swept", "error", err)
	}
}
