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
	"slices"
	"syscall"

	"backrow/storage"
	"backrow/storage/ledger"
	"backrow/transcode/fragment"
)

// mostSegmentBytes bounds what is held in memory: 2 s at 100 Mbit/s, and some.
const mostSegmentBytes = 64 << 20

var errDamaged = errors.New("transcode: object is not what was stored")

// fetch brings the best cover of the recording into the scratch folder, in the order of the
// timeline. On the last attempt segments that are missing or damaged are left out, for a lesson with
// a hole is better than none; before that they are reasons to try again.
func (a *attempt) fetch(ctx context.Context) ([]*part, error) {
	takes, err := ledger.Read(ctx, a.pool.catalogue, a.recording.ID)
	if err != nil {
		return nil, err
	}
	cover := ledger.Best(takes, ledger.Main(takes))
	inits := map[storage.ID][]storage.Init{}
	var parts []*part
	done := 0
	for _, run := range cover.Runs() {
		if _, known := inits[run.Take.ID]; !known {
			if inits[run.Take.ID], err = a.pool.catalogue.Inits(ctx, run.Take.ID); err != nil {
				return nil, err
			}
		}
		p, err := a.fetchRun(ctx, run, inits[run.Take.ID], func() {
			done++
			a.report.at(float64(done) / float64(len(cover)))
		})
		if err != nil {
			return nil, err
		}
		if p != nil {
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// fetchRun brings one run of the cover into a file of its own. It is nil when its init segment was
// left out.
func (a *attempt) fetchRun(ctx context.Context, run ledger.Run, inits []storage.Init, each func()) (
	p *part, err error,
) {
	p, file, err := a.open(ctx, run, inits)
	if p == nil || err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, onDisk(file.Close())) }()
	if run.Take.Route == storage.RouteLocal {
		p.steady = fragment.NewSteady(p.init)
	}
	for i, piece := range run.Pieces {
		if err := a.append(ctx, p, file, piece.Segment); err != nil {
			return nil, err
		}
		if run.Cut(i) {
			p.cut = p.shift + run.Until(i)
		}
		each()
	}
	return p, nil
}

// open begins a new part with its init segment.
func (a *attempt) open(ctx context.Context, run ledger.Run, inits []storage.Init) (
	*part, *os.File, error,
) {
	at := slices.IndexFunc(inits, func(i storage.Init) bool { return i.Number == run.Init })
	if at < 0 {
		return nil, nil, a.leaveOut(fmt.Sprintf("init %d of take %s", run.Init, run.Take.ID),
			storage.Errorf(storage.NotFound, "That does not exist."))
	}
	row := inits[at]
	data, err := a.pool.object(ctx, row.ObjectKey, 0, row.Bytes, row.SHA256)
	var init fragment.Init
	if err == nil {
		init, err = fragment.ReadInit(data)
	}
	if err != nil {
		return nil, nil, a.leaveOut(row.ObjectKey, err)
	}
	a.files++
	shift := storage.Ticks(max(run.Take.OffsetMS, 0) * storage.TicksPerSecond / 1000)
	p := newPart(fmt.Sprintf("part-%04d.mp4", a.files), shift, init)
	file, err := os.OpenFile(filepath.Join(a.folder, p.file), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, onDisk(err)
	}
	if _, err = file.Write(data); err != nil {
		return nil, nil, onDisk(errors.Join(err, file.Close()))
	}
	return p, file, nil
}

// append adds one segment to a part.
func (a *attempt) append(ctx context.Context, p *part, file *os.File, s storage.Segment) error {
	data, err := a.pool.object(ctx, s.ObjectKey, s.ObjectFrom, s.Bytes, s.SHA256)
	if err == nil && p.steady != nil {
		data, err = p.steady.Segment(data)
	}
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
	if !isDamaged(err) || !a.last {
		return fmt.Errorf("fetch %s: %w", key, err)
	}
	a.log.Warn("left out: object is missing or damaged", "key", key, "error", err)
	return nil
}

// isDamaged says that an object is missing or is not what it should be.
func isDamaged(err error) bool {
	return errors.Is(err, errDamaged) || errors.Is(err, fragment.ErrNotMedia) ||
		storage.KindOf(err) == storage.NotFound
}

// object reads an object, or size bytes of it from a place on, and holds them to their hash.
func (p *Pool) object(ctx context.Context, key string, from, size int64, sha string) ([]byte, error) {
	if size > mostSegmentBytes {
		return nil, fmt.Errorf("%w: %d bytes", errDamaged, size)
	}
	body, _, err := p.store.Get(ctx, key, from, size)
	if storage.KindOf(err) == storage.Invalid { // it ends before
		err = fmt.Errorf("%w: %w", errDamaged, err)
	}
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
