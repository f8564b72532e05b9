package transcode

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"backrow/storage"
	"backrow/transcode/fragment"
)

// mostSegmentBytes bounds what is held in memory: 2 s at 100 Mbit/s, and some.
const mostSegmentBytes = 64 << 20

var errDamaged = errors.New("transcode: object is not what was stored")

// fetch brings all takes of the recording into the scratch folder, in the order of the timeline.
// On the last attempt segments that are missing or damaged are left out, for a lesson with a hole
// is better than none; before that they are reasons to try again.
func (a *attempt) fetch(ctx context.Context) ([]*part, error) {
	takes, err := a.pool.catalogue.Takes(ctx, a.recording.ID)
	if err != nil {
		return nil, err
	}
	var parts []*part
	for i, take := range takes {
		from, to := float64(i)/float64(len(takes)), float64(i+1)/float64(len(takes))
		got, err := a.fetchTake(ctx, take, func(part float64) { a.report.at(from + part*(to-from)) })
		if err != nil {
			return nil, err
		}
		parts = append(parts, got...)
	}
	return parts, nil
}

const page = 500

func (a *attempt) fetchTake(ctx context.Context, take storage.Take, done func(float64)) (
	parts []*part, err error,
) {
	inits, err := a.pool.catalogue.Inits(ctx, take.ID)
	if err != nil {
		return nil, err
	}
	var now *part
	var file *os.File
	closeFile := func() {
		if file != nil {
			err = errors.Join(err, onDisk(file.Close()))
			file = nil
		}
	}
	defer closeFile()
	using := int64(-1)
	for after := int64(0); ; {
		segments, err := a.pool.catalogue.Segments(ctx, take.ID, after, page)
		if err != nil {
			return nil, err
		}
		for _, segment := range segments {
			after = segment.Number
			if segment.InitNumber != using {
				closeFile()
				using = segment.InitNumber
				if now, file, err = a.begin(ctx, take, inits, using); err != nil {
					return nil, err
				}
				if now != nil {
					parts = append(parts, now)
				}
			}
			if now == nil {
				continue // its init segment was left out
			}
			if err := a.append(ctx, now, file, segment); err != nil {
				return nil, err
			}
			if end := a.recording.DurationMS - take.OffsetMS; end > 0 {
				done(float64((segment.Start + segment.Length).Milliseconds()) / float64(end))
			}
		}
		if len(segments) < page {
			return parts, nil
		}
	}
}

// begin opens a new part with its init segment.
func (a *attempt) begin(ctx context.Context, take storage.Take, inits []storage.Init,
	number int64,
) (*part, *os.File, error) {
	for _, i := range inits {
		if i.Number != number {
			continue
		}
		data, err := a.object(ctx, i.ObjectKey, i.Bytes, i.SHA256)
		var init fragment.Init
		if err == nil {
			init, err = fragment.ReadInit(data)
		}
		if err != nil {
			return nil, nil, a.leaveOut(i.ObjectKey, err)
		}
		a.files++
		shift := storage.Ticks(max(take.OffsetMS, 0) * storage.TicksPerSecond / 1000)
		p := newPart(fmt.Sprintf("part-%04d.mp4", a.files), shift, i.SHA256, init)
		file, err := os.OpenFile(filepath.Join(a.folder, p.file), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = file.Write(data)
		}
		return p, file, onDisk(err)
	}
	return nil, nil, a.leaveOut(fmt.Sprintf("init %d of take %s", number, take.ID),
		storage.Errorf(storage.NotFound, "That does not exist."))
}

// append adds one segment to a part.
func (a *attempt) append(ctx context.Context, p *part, file *os.File, s storage.Segment) error {
	data, err := a.object(ctx, s.ObjectKey, s.Bytes, s.SHA256)
	if err == nil {
		err = p.add(data)
	}
	if err != nil {
		return a.leaveOut(s.ObjectKey, err)
	}
	_, err = file.Write(data)
	return onDisk(err)
}

// leaveOut decides whether an object that cannot be used may be done without.
func (a *attempt) leaveOut(key string, err error) error {
	damaged := errors.Is(err, errDamaged) || errors.Is(err, fragment.ErrNotMedia) ||
		storage.KindOf(err) == storage.NotFound
	if !damaged || !a.last {
		return fmt.Errorf("fetch %s: %w", key, err)
	}
	a.log.Warn("left out: object is missing or damaged", "key", key, "error", err)
	return nil
}

// object reads a whole object and holds it to its hash.
func (a *attempt) object(ctx context.Context, key string, size int64, sha string) ([]byte, error) {
	if size > mostSegmentBytes {
		return nil, fmt.Errorf("%w: %d bytes", errDamaged, size)
	}
	body, _, err := a.pool.store.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, size+1))
	if err != nil {
		return nil, storage.Errorf(storage.Unavailable, "The media store does not answer. %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != sha {
		return nil, fmt.Errorf("%w: %d bytes of another hash", errDamaged, len(data))
	}
	return data, nil
}

// onDisk gives an error of the scratch folder its sentence.
func onDisk(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return storage.Errorf(storage.Unavailable, "The server's disk is full: there is no room "+
			"to work in. Nothing already saved is lost. %w", err)
	}
	return err
}
