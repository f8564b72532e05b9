package capture

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"syscall"

	"backrow/capture/cmaf"
	"backrow/capture/segmenter"
	"backrow/capture/spool"
	"backrow/storage"
)

// What a take may hold in memory when disk and store do not take it: queue is how many segments
// may wait for the disk, about a minute; terms.memory how many bytes may wait for it, or for the
// store without a place on the disk: a minute of 2.2 Mbit/s. memoryAll is for all takes together.
const (
	queue     = 32
	memoryAll = 512 << 20
)

// keeper makes files of a take's segments and brings them to the spool, in a goroutine of its own,
// so that a slow disk holds up nothing but itself.
type keeper struct {
	server    *Server
	take      storage.ID
	recording storage.ID
	log       *slog.Logger
	segments  chan segmenter.Segment
	waiting   atomic.Int64 // bytes in segments
	done      sync.WaitGroup
	place     spool.Place // of the take; set before the first segment is given

	// The rest belongs to the goroutine.
	order  int64
	number int64
	init   int64
	shown  cmaf.Tracks
}

func newKeeper(s *Server, recording, take storage.ID, log *slog.Logger) *keeper {
	k := &keeper{server: s, take: take, recording: recording, log: log,
		segments: make(chan segmenter.Segment, queue)}
	k.done.Go(k.run)
	return k
}

// keep takes a segment. It never waits, and is for one goroutine at a time.
func (k *keeper) keep(segment segmenter.Segment) {
	size := int64(sizeOf(segment))
	if have := k.waiting.Load(); have == 0 || have+size <= int64(k.server.options.terms.memory) {
		select {
		case k.segments <- segment:
			k.waiting.Add(size)
			return
		default:
		}
	}
	k.lose(errors.New("the disk has not kept up for a minute"))
}

// close returns when all segments are in the spool.
func (k *keeper) close() {
	close(k.segments)
	k.done.Wait()
	k.server.undisked.worked(k.take)
	k.server.unkept.worked(k.take)
}

func (k *keeper) run() {
	for segment := range k.segments {
		k.write(segment)
		k.waiting.Add(-int64(sizeOf(segment)))
	}
}

func (k *keeper) write(segment segmenter.Segment) {
	if segment.Tracks != k.shown || k.init == 0 {
		if err := k.addInit(segment.Tracks); err != nil {
			k.lose(fmt.Errorf("its format cannot be written: %w", err))
			return
		}
	}
	if err := k.addSegment(segment); err != nil {
		k.lose(fmt.Errorf("it cannot be written: %w", err))
	}
}

// sizeOf is how many bytes of media a segment holds.
func sizeOf(segment segmenter.Segment) (n int) {
	for _, run := range []cmaf.Run{segment.Video, segment.Audio} {
		for _, sample := range run.Samples {
			n += len(sample.Data)
		}
	}
	return n
}

func (k *keeper) addInit(tracks cmaf.Tracks) error {
	data, err := cmaf.Init(tracks)
	if err != nil {
		return err
	}
	k.init++
	k.shown = tracks
	init := storage.Init{TakeID: k.take, Number: k.init, Codecs: tracks.Codecs(),
		Width: int64(tracks.Video.Width), Height: int64(tracks.Video.Height),
		ObjectKey: fmt.Sprintf("recordings/%s/takes/%s/init-%d.mp4", k.recording, k.take, k.init)}
	init.Bytes, init.SHA256 = measure(data)
	item := spool.Item{Kind: spool.KindInit, Recording: k.recording, Init: &init}
	if tracks.HasVideo() {
		item.Tracks = append(item.Tracks, storage.Track{TakeID: k.take, Number: cmaf.VideoTrack,
			Kind: "video", Codec: string(tracks.Video.Codec), Timescale: cmaf.VideoTimescale})
	}
	if tracks.HasAudio() {
		item.Tracks = append(item.Tracks, storage.Track{TakeID: k.take, Number: cmaf.AudioTrack,
			Kind: "audio", Codec: string(tracks.Audio.Codec), Timescale: cmaf.AudioTimescale})
	}
	if k.init == 1 {
		item.Place = &k.place
	}
	k.add(item, data)
	return nil
}

func (k *keeper) addSegment(segment segmenter.Segment) error {
	data, err := cmaf.Segment(k.number+1, segment.Video, segment.Audio)
	if err != nil {
		return err
	}
	k.number++
	row := storage.Segment{TakeID: k.take, Number: k.number, InitNumber: k.init,
		Start: segment.Start, Length: segment.Length,
		ObjectKey: fmt.Sprintf("recordings/%s/takes/%s/%d.m4s", k.recording, k.take, k.number)}
	row.Bytes, row.SHA256 = measure(data)
	k.add(spool.Item{Kind: spool.KindSegment, Recording: k.recording, Segment: &row}, data)
	return nil
}

func measure(data []byte) (int64, string) {
	sum := sha256.Sum256(data)
	return int64(len(data)), hex.EncodeToString(sum[:])
}

// add brings an item to the spool and from there on its way. When the disk does not take it, it is
// sent from memory: the store may be on another machine.
func (k *keeper) add(item spool.Item, data []byte) {
	k.order++
	item.Order = k.order
	entry, err := k.server.spool.Add(item, data)
	if err == nil {
		k.server.problems.clear(k.recording, problemDisk)
		k.server.undisked.worked(k.take)
		k.server.unkept.worked(k.take)
		k.server.sender.push(item, &entry, data)
		return
	}
	k.server.problems.set(k.recording, problemDisk, spoolProblem(err))
	k.server.undisked.failed(k.take, err)
	own, all := k.server.sender.unspooled(k.take)
	if own+len(data) > k.server.options.terms.memory || all+len(data) > memoryAll {
		k.lose(fmt.Errorf("neither the disk nor the store takes it: %w", err))
		return
	}
	k.server.sender.push(item, nil, data)
}

// lose says that a segment is lost. It is the one way in which something received is not kept.
func (k *keeper) lose(err error) {
	k.server.metrics.unsaved.Inc()
	k.server.unkept.failed(k.take, err)
	k.server.problems.set(k.recording, problemLost,
		"Some seconds of this lesson could not be kept by the server.")
}

func spoolProblem(err error) string {
	switch {
	case errors.Is(err, spool.ErrFull):
		return "The server has too much waiting to be stored. Please tell the operator."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "The server's disk is full. Please tell the operator."
	}
	return "The server's disk does not take what is recorded. Please tell the operator."
}
