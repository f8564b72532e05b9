package playlist_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"backrow/capture/playlist"
	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/storage/ledger"
	"backrow/storage/objects"
)

// This file holds the whole ledger to what must hold whatever happens: lessons are encoded by a
// model, cut, paused, crashed and sent in any order, in pieces, twice, over two nodes, into the real
// catalogue and a store; and what is there in the end is what was encoded.

const (
	tick  = storage.TicksPerSecond / 1000 // ms
	frame = 40 * tick                     // what may be missing at a seam
)

// shelf is a store in memory that keeps its promises.
type shelf map[string][]byte

func (s shelf) put(key string, data []byte) error {
	if have, ok := s[key]; ok && !bytes.Equal(have, data) {
		return storage.Errorf(storage.Conflict, "Another object has that key.")
	}
	s[key] = bytes.Clone(data)
	return nil
}

// Get implements objects.Getter.
func (s shelf) Get(_ context.Context, key string, offset, length int64) (io.ReadCloser, objects.Info, error) {
	data, ok := s[key]
	if !ok || offset+length > int64(len(data)) {
		return nil, objects.Info{}, storage.Errorf(storage.NotFound, "There is no such object.")
	}
	return io.NopCloser(bytes.NewReader(data[offset : offset+length])), objects.Info{}, nil
}

// encoded is a segment as an encoder made it.
type encoded struct {
	start, length storage.Ticks // on the take's time
	data          []byte
}

func (e encoded) sum() string {
	sum := sha256.Sum256(e.data)
	return hex.EncodeToString(sum[:])
}

// modelTake is a take as its encoder knows it.
type modelTake struct {
	row      storage.Take
	segments []encoded
	blobs    [][]int // of a local take: the segments in each
	there    int     // how many segments are in the catalogue: of a live take, what was sent
	have     map[int]bool
	ended    bool
}

func (m *modelTake) local() bool { return m.row.Route == storage.RouteLocal }

// contiguous is how many of the first segments the server can show.
func (m *modelTake) contiguous() (n int) {
	if !m.local() {
		return m.there
	}
	for i, blob := range m.blobs {
		if !m.have[i] {
			break
		}
		n += len(blob)
	}
	return n
}

// drawLesson draws the takes of one lesson, and how long it was.
func drawLesson(t *rapid.T) (takes []*modelTake, taught storage.Ticks) {
	number := func(name string, least, most int64) storage.Ticks {
		return storage.Ticks(rapid.Int64Range(least, most).Draw(t, name)) * tick
	}
	one := func(route storage.Route, source string, begin, end, longest storage.Ticks, off int64) {
		offset := int64(begin/tick) + off
		take := &modelTake{have: map[int]bool{}, row: storage.Take{ID: storage.NewID(), Route: route,
			Source: source, OffsetMS: max(0, offset), MediaType: "video/mp4", Direct: true}}
		for at := storage.Ticks(0); at < end-begin; {
			length := min(number("length", 1500, int64(longest/tick)), end-begin-at)
			if length < 100*tick && at > 0 { // the last frames come with the segment before
				take.segments[len(take.segments)-1].length += length
				break
			}
			take.segments = append(take.segments, encoded{start: at, length: length,
				data: fmt.Appendf(nil, "%s/%d", take.row.ID, len(take.segments))})
			at += length
		}
		for i := 0; route == storage.RouteLocal && i < len(take.segments); {
			n := min(rapid.IntRange(1, 2).Draw(t, "in blob"), len(take.segments)-i)
			blob := []int{}
			for range n {
				blob = append(blob, i)
				i++
			}
			take.blobs = append(take.blobs, blob)
		}
		takes = append(takes, take)
	}
	// What happened to the page: a pause leaves nothing out of the timeline, a crash or a reload does.
	for range rapid.IntRange(1, 4).Draw(t, "runs") {
		begin := taught + number("after", 0, 1)*storage.Ticks(rapid.SampledFrom([]int64{0, 3000}).Draw(t, "crash"))
		taught = begin + number("run", 1000, 12000)
		if rapid.IntRange(0, 5).Draw(t, "has local") > 0 {
			one(storage.RouteLocal, ledger.Camera, begin, taught, 2000*tick, 0)
		}
		// The live route comes and goes within it, a little beside the page's clock.
		for at := begin; at < taught; {
			end := min(at+number("connected", 500, 9000), taught)
			if end-at > 200*tick {
				one(storage.RouteLive, ledger.Camera, at, end, 3000*tick,
					rapid.Int64Range(-5, 5).Draw(t, "clock"))
			}
			at = end + number("cut", 0, 4000)
		}
	}
	if rapid.Bool().Draw(t, "second laptop") {
		begin := number("second", 0, int64(taught/tick))
		one(storage.RouteLocal, ledger.Camera, begin, begin+number("its run", 1000, 8000), 2000*tick, 0)
		taught = max(taught, begin+number("its clock", 0, 8000))
	}
	if rapid.Bool().Draw(t, "screen") {
		one(storage.RouteLocal, ledger.Screen, 0, taught, 2000*tick, 0)
	}
	for _, take := range takes {
		last := take.segments[len(take.segments)-1]
		taught = max(taught, storage.Ticks(take.row.OffsetMS)*tick+last.start+last.length)
	}
	return takes, taught
}

// world is what the senders talk to.
type world struct {
	t         *rapid.T
	nodes     []*storage.Catalogue
	store     shelf
	recording storage.ID
	takes     []*modelTake
	grown     []string // the growing list, as it was last seen
	stopped   bool
	jobs      int
}

func (w *world) node() *storage.Catalogue {
	return rapid.SampledFrom(w.nodes).Draw(w.t, "node")
}

func (w *world) no(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// sendLive stores the next segment of a live take. A server that crashes in between has it in its
// spool, and sends it again.
func (w *world) sendLive(m *modelTake) {
	ctx := context.Background()
	i := m.there
	s := m.segments[i]
	key := fmt.Sprintf("recordings/%s/takes/%s/%d.m4s", w.recording, m.row.ID, i+1)
	again := rapid.IntRange(0, 3).Draw(w.t, "times")
	for try := range again + 1 {
		w.no(w.store.put(key, s.data))
		if try == 0 && again > 0 && rapid.Bool().Draw(w.t, "crash before the row") {
			continue
		}
		w.no(w.node().AddSegment(ctx, storage.Segment{TakeID: m.row.ID, Number: int64(i + 1), InitNumber: 1,
			Start: s.start, Length: s.length, ObjectKey: key, Bytes: int64(len(s.data)), SHA256: s.sum()}))
		m.there = i + 1
	}
	if m.there == i {
		w.sendLive(m)
	}
}

// sendBlob stores one blob of a local take, perhaps for the second time.
func (w *world) sendBlob(m *modelTake, n int) {
	ctx := context.Background()
	key := fmt.Sprintf("recordings/%s/takes/%s/blobs/%d", w.recording, m.row.ID, n+1)
	var data []byte
	var contents storage.Contents
	if n == 0 {
		data = append(data, "init"...)
		contents.Init = &storage.BlobInit{Codecs: "avc1.42e01f", Width: 1280, Height: 720, Bytes: 4,
			ObjectKey: fmt.Sprintf("recordings/%s/takes/%s/init-1.mp4", w.recording, m.row.ID),
			SHA256:    "00", Tracks: []storage.BlobTrack{{Number: 1, Kind: "video", Codec: "h264", Timescale: 90000}}}
	}
	for _, i := range m.blobs[n] {
		s := m.segments[i]
		contents.Fragments = append(contents.Fragments, storage.Fragment{From: int64(len(data)),
			Bytes: int64(len(s.data)), SHA256: s.sum(), Runs: []storage.Run{{Track: 1,
				Start: int64(s.start), End: int64(s.start + s.length), Key: true}}})
		data = append(data, s.data...)
	}
	whole := encoded{data: data}
	w.no(w.store.put(key, data))
	if !m.have[n] && rapid.IntRange(0, 5).Draw(w.t, "crash before the row") == 0 {
		return
	}
	_, err := w.node().AddBlob(ctx, w.recording, storage.Blob{TakeID: m.row.ID, Number: int64(n + 1),
		ObjectKey: key, Bytes: int64(len(data)), SHA256: whole.sum(), Contents: storage.JSON[storage.Contents]{V: contents}},
		nil)
	w.no(err)
	m.have[n] = true
}

// end ends a local take, or says so again.
func (w *world) end(m *modelTake) {
	last := m.segments[len(m.segments)-1]
	_, err := w.node().EndLocalTake(context.Background(), w.recording, m.row.ID, int64(len(m.blobs)),
		(last.start + last.length).Milliseconds(), "stopped", nil)
	w.no(err)
	m.ended = true
}

// act does one thing that somebody does; false: there is nothing left to do.
func (w *world) act() bool {
	var acts []func()
	for _, m := range w.takes {
		switch {
		case !m.local() && m.there < len(m.segments) && !w.stopped:
			acts = append(acts, func() { w.sendLive(m) })
		case m.local():
			missing := 0
			for n := range m.blobs {
				if !m.have[n] {
					acts = append(acts, func() { w.sendBlob(m, n) })
					if missing++; missing == 3 { // it is sent nearly in order
						break
					}
				}
			}
			if len(m.have) > 0 && missing > 0 { // an ack was lost
				n := rapid.SampledFrom(slices.Sorted(keys(m.have))).Draw(w.t, "again")
				acts = append(acts, func() { w.sendBlob(m, n) })
			}
			if !m.ended {
				acts = append(acts, func() { w.end(m) })
			}
		}
	}
	if len(acts) == 0 {
		return false
	}
	rapid.SampledFrom(acts).Draw(w.t, "act")()
	return true
}

func keys(m map[int]bool) func(func(int) bool) {
	return func(yield func(int) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// look settles the recording if it is complete, as capture does.
func (w *world) look() {
	ctx := context.Background()
	c := w.node()
	r, err := c.Recording(ctx, w.recording)
	w.no(err)
	takes, err := ledger.Read(ctx, c, w.recording)
	w.no(err)
	covered := ledger.Best(takes, ledger.Main(takes)).Covered()
	settled, err := c.SettleIfComplete(ctx, w.recording,
		storage.Coverage{Arrivals: r.Arrivals, CoveredMS: covered.Milliseconds()},
		func(context.Context, *storage.Tx, storage.Recording) error { w.jobs++; return nil })
	w.no(err)
	complete := w.stopped
	for _, m := range w.takes {
		if m.local() && (!m.ended || len(m.have) < len(m.blobs)) {
			complete = false
		}
	}
	if settled != complete {
		w.t.Fatalf("settled: %v, complete: %v", settled, complete)
	}
}

// check holds what is there to what must be.
func (w *world) check() {
	ctx := context.Background()
	takes, err := ledger.Read(ctx, w.nodes[0], w.recording)
	w.no(err)
	for _, source := range []string{ledger.Camera, ledger.Screen} {
		var confirmed ledger.Stretches
		complete := true
		for _, m := range w.takes {
			if m.row.Source != source {
				continue
			}
			complete = complete && (!m.local() || m.ended && len(m.have) == len(m.blobs))
			for _, s := range m.segments[:m.contiguous()] {
				begin := storage.Ticks(m.row.OffsetMS)*tick + s.start
				confirmed.Add(begin, begin+s.length)
			}
		}
		best := ledger.Best(takes, source)
		w.covers(best, confirmed, complete)
		w.plays(best)
	}
	w.grows(takes)
	w.keeps(takes)
}

// covers: the cover shows what was confirmed, each moment once.
func (w *world) covers(best ledger.Cover, confirmed ledger.Stretches, complete bool) {
	shown := best.Stretches()
	end := storage.Ticks(0)
	for i, p := range best {
		if p.Begin() < end {
			w.t.Fatalf("piece %d begins at %d, the last one ends at %d", i, p.Begin(), end)
		}
		if end = p.End(); end <= p.Begin() {
			w.t.Fatalf("piece %d is empty", i)
		}
	}
	// What one has and the other has not.
	until := end + 60*storage.TicksPerSecond
	for _, gap := range confirmed.Within(shown.Gaps(until)) {
		most := storage.Ticks(frame)
		if n := len(shown); complete && n > 0 && (gap.End <= shown[0].Begin || gap.Begin >= shown[n-1].End) {
			most = 500 * tick // the fringe of a live take
		}
		if gap.End-gap.Begin >= most {
			w.t.Fatalf("%d–%d ms is confirmed and not shown: %v of %v", gap.Begin/tick, gap.End/tick, shown, confirmed)
		}
	}
	for _, gap := range shown.Within(confirmed.Gaps(until)) {
		if gap.End-gap.Begin > 10*tick { // a seam
			w.t.Fatalf("%d–%d ms is shown and was never confirmed", gap.Begin/tick, gap.End/tick)
		}
	}
}

// plays: the playlist's times go forward.
func (w *world) plays(cover ledger.Cover) {
	var until time.Time
	for line := range strings.Lines(playlist.Write(playlist.VOD, cover)) {
		if value, ok := strings.CutPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"); ok {
			next, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(value))
			w.no(err)
			if next.Before(until.Add(-2 * time.Millisecond)) {
				w.t.Fatalf("%s comes after %s", next, until)
			}
			until = next
		}
		if value, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			var seconds float64
			fmt.Sscanf(value, "%f,", &seconds)
			until = until.Add(time.Duration(seconds * 1e9))
		}
	}
}

// grows: what has been listed to those who follow stays listed.
func (w *world) grows(takes []ledger.Take) {
	var now []string
	for _, p := range ledger.Growing(takes, ledger.Camera) {
		now = append(now, fmt.Sprintf("%s/%d", p.Take.ID, p.Segment.Number))
	}
	if len(now) < len(w.grown) || !slices.Equal(now[:len(w.grown)], w.grown) {
		w.t.Fatalf("the list was\n%v\nand is\n%v", w.grown, now)
	}
	w.grown = now
}

// keeps: every confirmed byte is in the store, where the catalogue says.
func (w *world) keeps(takes []ledger.Take) {
	for _, m := range w.takes {
		at := slices.IndexFunc(takes, func(t ledger.Take) bool { return t.ID == m.row.ID })
		if n := m.contiguous(); at < 0 || len(takes[at].Segments) != n {
			w.t.Fatalf("take %s: %d segments were confirmed", m.row.ID, n)
		}
		for i, row := range takes[at].Segments {
			body, _, err := w.store.Get(context.Background(), row.ObjectKey, row.ObjectFrom, row.Bytes)
			w.no(err)
			data, err := io.ReadAll(body)
			w.no(err)
			if !bytes.Equal(data, m.segments[i].data) || row.SHA256 != m.segments[i].sum() {
				w.t.Fatalf("segment %d is %q in the store, not %q", i+1, data, m.segments[i].data)
			}
		}
	}
}

func (w *world) begin() {
	ctx := context.Background()
	w.recording = storage.NewID()
	w.no(w.nodes[0].DB().InTx(ctx, func(tx *storage.Tx) error {
		_, err := w.nodes[0].CreateRecording(ctx, tx, storage.Recording{ID: w.recording,
			ProgramID: storage.NewID(), OwnerID: storage.NewID(), Title: "Fractions"})
		return err
	}))
	for _, m := range w.takes {
		m.row.RecordingID = w.recording
		if !m.local() {
			_, err := w.node().BeginTake(ctx, m.row)
			w.no(err)
			continue
		}
		for range rapid.IntRange(1, 2).Draw(w.t, "begun") {
			_, _, err := w.node().BeginLocalTake(ctx, m.row)
			w.no(err)
		}
	}
}

func (w *world) stop(taught storage.Ticks) {
	ctx := context.Background()
	w.no(w.node().StopRecording(ctx, w.recording, taught.Milliseconds()))
	w.no(w.node().FinishRecording(ctx, w.recording,
		func(context.Context, *storage.Tx, storage.Recording) error { w.jobs++; return nil }))
	w.stopped = true
}

func TestNothingIsLost(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		rapid.Check(t, func(t *rapid.T) {
			takes, taught := drawLesson(t)
			w := &world{t: t, store: shelf{}, takes: takes,
				nodes: []*storage.Catalogue{storage.NewCatalogue(db), storage.NewCatalogue(db)}}
			w.begin()
			stopAt := rapid.IntRange(1, 60).Draw(t, "stopped after")
			looks := rapid.IntRange(5, 20).Draw(t, "looked at every")
			for n := 1; w.act(); n++ {
				if n == stopAt {
					w.stop(taught)
				}
				if n%looks == 0 {
					w.check()
					w.look()
				}
			}
			if !w.stopped {
				w.stop(taught)
			}
			w.check()
			w.look()
			r, err := w.nodes[1].Recording(context.Background(), w.recording)
			if err != nil || r.SettledAt.IsZero() || r.Shown != r.Arrivals || w.jobs == 0 {
				t.Fatalf("in the end: %+v, %d jobs: %v", r, w.jobs, err)
			}
		})
	})
}
