package storage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"backrow/storage"
	"backrow/storage/dbtest"
)

// localTake is a take that a laptop of the recording's owner sends.
func localTake(r storage.Recording) storage.Take {
	return storage.Take{ID: storage.NewID(), RecordingID: r.ID, Source: "camera", StartedAt: storage.Now(),
		MediaType: "video/mp4", Direct: true}
}

func begin(t testing.TB, c *storage.Catalogue, take storage.Take) storage.Take {
	t.Helper()
	made, _, err := c.BeginLocalTake(context.Background(), take)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// lesson is what a browser's blobs hold: an init segment, then fragments of about two seconds whose
// last durations are guesses, as Chromium's are.
func lesson(take storage.Take, blobs int, random *rand.Rand) []storage.Blob {
	all := make([]storage.Blob, blobs)
	var picture, sound int64
	for i := range all {
		b := storage.Blob{TakeID: take.ID, Number: int64(i + 1), Bytes: 1000, SHA256: fmt.Sprintf("%064d", i),
			ObjectKey: fmt.Sprintf("blobs/%d", i+1)}
		if i == 0 {
			b.Contents.V.Init = &storage.BlobInit{Codecs: "avc1.640c20,opus", Width: 1280, Height: 720,
				ObjectKey: "init", Bytes: 700, SHA256: "i", Tracks: []storage.BlobTrack{
					{Number: 1, Kind: "video", Codec: "h264", Timescale: 30000},
					{Number: 2, Kind: "audio", Codec: "opus", Timescale: 48000}}}
		} else {
			for f := range 1 + random.IntN(2) {
				next := picture + 58000 + random.Int64N(4000)
				b.Contents.V.Fragments = append(b.Contents.V.Fragments, storage.Fragment{
					From: int64(f * 500), Bytes: 500, SHA256: fmt.Sprint(i, f), Runs: []storage.Run{
						{Track: 1, Start: picture, End: next - random.Int64N(500), Key: true},
						{Track: 2, Start: sound, End: sound + 33*2880 + 1008, Key: true}}})
				picture, sound = next, sound+34*2880
			}
		}
		all[i] = b
	}
	return all
}

// segmentsOf are a take's segments without what depends on the clock and on the order of arrival.
func segmentsOf(t testing.TB, c *storage.Catalogue, take storage.ID) []storage.Segment {
	t.Helper()
	found, err := c.Segments(context.Background(), take, 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i].CreatedAt, found[i].Arrived, found[i].TakeID = storage.Time{}, 0, ""
	}
	return found
}

// Whatever the order in which blobs come, repeated or not, the same segments come of them, as soon as
// they are contiguous, and the take is complete once.
func TestBlobsInAnyOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		c, r := storage.NewCatalogue(db), storage.Recording{}
		r = newRecording(t, c)
		rapid.Check(t, func(rt *rapid.T) {
			ctx := context.Background()
			count := rapid.IntRange(1, 12).Draw(rt, "blobs")
			seed := rapid.Uint64().Draw(rt, "seed")
			inOrder, shuffled := begin(t, c, localTake(r)), begin(t, c, localTake(r))
			for _, b := range lesson(inOrder, count, rand.New(rand.NewPCG(seed, 0))) {
				if _, err := c.AddBlob(ctx, r.ID, b, nil); err != nil {
					rt.Fatal(err)
				}
			}
			blobs := lesson(shuffled, count, rand.New(rand.NewPCG(seed, 0)))
			ended := rapid.IntRange(0, count).Draw(rt, "ended after")
			completed := 0
			order := rapid.SliceOfN(rapid.IntRange(0, count-1), 0, 2*count).Draw(rt, "order")
			order = append(order, rapid.Permutation(indices(count)).Draw(rt, "the rest")...)
			there := map[int]bool{}
			for i, n := range order {
				added, err := c.AddBlob(ctx, r.ID, blobs[n], nil)
				if err != nil {
					rt.Fatal(err)
				}
				if added.New == there[n] {
					rt.Errorf("blob %d: new %t", n+1, added.New)
				}
				there[n] = true
				contiguous := 0
				for there[contiguous] {
					contiguous++
				}
				if added.Take.MadeBlobs != int64(contiguous) {
					rt.Errorf("%d blobs are in segments, want %d", added.Take.MadeBlobs, contiguous)
				}
				if added.Completed {
					completed++
				}
				if i == ended || i == len(order)-1 {
					end, err := c.EndLocalTake(ctx, r.ID, shuffled.ID, int64(count), 1000, "stopped", nil)
					if err != nil {
						rt.Fatal(err)
					}
					if end.Completed {
						completed++
					}
				}
			}
			if completed != 1 {
				rt.Errorf("complete %d times", completed)
			}
			want, got := segmentsOf(t, c, inOrder.ID), segmentsOf(t, c, shuffled.ID)
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Errorf("segments (-in order +shuffled):\n%s", diff)
			}
			for i := 1; i < len(got); i++ {
				if got[i].Start != got[i-1].Start+got[i-1].Length {
					rt.Errorf("segment %d begins at %d, and the one before ends at %d", i+1, got[i].Start,
						got[i-1].Start+got[i-1].Length)
				}
			}
			// A recording has 500 takes at most, and this is one recording.
			if _, err := db.Exec(ctx, `DELETE FROM takes WHERE recording_id = ?`, r.ID); err != nil {
				rt.Fatal(err)
			}
		})
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Several nodes take blobs of one take at the same time.
func TestBlobsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r := newRecording(t, c)
		take := begin(t, c, localTake(r))
		const count = 40
		blobs := lesson(take, count, rand.New(rand.NewPCG(1, 2)))
		var work sync.WaitGroup
		var mu sync.Mutex
		fresh, completed := 0, 0
		for node := range 4 {
			random := rand.New(rand.NewPCG(uint64(node), 7))
			work.Go(func() {
				for _, i := range random.Perm(count) {
					added, err := c.AddBlob(ctx, r.ID, blobs[i], nil)
					if err == nil && i == 5 {
						_, err = c.EndLocalTake(ctx, r.ID, take.ID, count, 80_000, "stopped", nil)
					}
					if err != nil {
						t.Errorf("blob %d: %v", i+1, err)
					}
					mu.Lock()
					if added.New {
						fresh++
					}
					if added.Completed {
						completed++
					}
					mu.Unlock()
				}
			})
		}
		work.Wait()
		have, err := c.LocalTake(ctx, r.ID, take.ID)
		if err != nil || have.CompletedAt.IsZero() || have.MadeBlobs != count || fresh != count || completed > 1 {
			t.Errorf("%+v, %d new, %d times complete: %v", have, fresh, completed, err)
		}
		fragments := 0
		for _, b := range blobs {
			fragments += len(b.Contents.V.Fragments)
		}
		if got := len(segmentsOf(t, c, take.ID)); got != fragments {
			t.Errorf("%d segments, want %d", got, fragments)
		}
	})
}

func TestSegmentOfABlob(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r := newRecording(t, c)
		take := localTake(r)
		take.OffsetMS = 7000
		take = begin(t, c, take)
		blobs := lesson(take, 2, rand.New(rand.NewPCG(1, 1)))
		blobs[1].Contents.V.Fragments = []storage.Fragment{
			{From: 0, Bytes: 500, SHA256: "a", Runs: []storage.Run{{Track: 1, Start: 0, End: 59000, Key: true},
				{Track: 2, Start: 0, End: 96048, Key: true}}},
			{From: 500, Bytes: 300, SHA256: "b", Runs: []storage.Run{{Track: 1, Start: 60000, End: 90000, Key: true}}},
			{From: 900, Bytes: 100, SHA256: "c", Runs: []storage.Run{{Track: 1, Start: 300000, End: 330000, Key: true}}},
		}
		for _, b := range blobs {
			if _, err := c.AddBlob(ctx, r.ID, b, nil); err != nil {
				t.Fatal(err)
			}
		}
		want := []storage.Segment{
			{Number: 1, InitNumber: 1, Start: 0, Length: 180000, ObjectKey: "blobs/2", Bytes: 500, SHA256: "a"},
			{Number: 2, InitNumber: 1, Start: 180000, Length: 90000, ObjectKey: "blobs/2", ObjectFrom: 500, Bytes: 300, SHA256: "b"},
			{Number: 3, InitNumber: 1, Start: 900000, Length: 90000, ObjectKey: "blobs/2", ObjectFrom: 900, Bytes: 100, SHA256: "c"},
		}
		if diff := cmp.Diff(want, segmentsOf(t, c, take.ID)); diff != "" {
			t.Errorf("segments (-want +got):\n%s", diff)
		}
		inits, err := c.Inits(ctx, take.ID)
		if err != nil || len(inits) != 1 || inits[0].Codecs != "avc1.640c20,opus" || inits[0].ObjectKey != "init" {
			t.Errorf("init segments %+v: %v", inits, err)
		}
		if r, err = c.Recording(ctx, r.ID); err != nil || r.DurationMS != 18000 || r.Arrivals != 3 {
			t.Errorf("the recording: %d ms, %d arrivals: %v", r.DurationMS, r.Arrivals, err)
		}
	})
}

// A blob that cannot be shown as it is makes the take one that is transcoded when it is all there.
func TestNotDirect(t *testing.T) {
	wrong := map[string]func(blobs []storage.Blob){
		"as it says":      func(b []storage.Blob) { b[3].Contents.V = storage.Contents{Why: "it is WebM"} },
		"no key frame":    func(b []storage.Blob) { b[3].Contents.V.Fragments[0].Runs[0].Key = false },
		"no init segment": func(b []storage.Blob) { b[0].Contents.V = storage.Contents{} },
		"another init": func(b []storage.Blob) {
			i := *b[0].Contents.V.Init
			i.Tracks = []storage.BlobTrack{{Number: 3, Kind: "video", Codec: "vp9", Timescale: 1}}
			b[3].Contents.V.Init = &i
		},
		"an unknown track":   func(b []storage.Blob) { b[3].Contents.V.Fragments[0].Runs[1].Track = 9 },
		"no picture":         func(b []storage.Blob) { f := &b[3].Contents.V.Fragments[0]; f.Runs = f.Runs[1:] },
		"time runs back":     func(b []storage.Blob) { b[3].Contents.V = b[1].Contents.V },
		"beyond a day":       func(b []storage.Blob) { b[3].Contents.V.Fragments[0].Runs[0].End = 1 << 50 },
		"no time at all":     func(b []storage.Blob) { r := &b[3].Contents.V.Fragments[0].Runs[0]; r.End = r.Start },
		"time before zero":   func(b []storage.Blob) { b[1].Contents.V.Fragments[0].Runs[0].Start = -5 },
		"no time whatsoever": func(b []storage.Blob) { b[3].Contents.V.Fragments[0].Runs = nil },
	}
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r := newRecording(t, c)
		for name, spoil := range wrong {
			take := begin(t, c, localTake(r))
			blobs := lesson(take, 6, rand.New(rand.NewPCG(3, 4)))
			spoil(blobs)
			arrived := 0
			note := func(_ context.Context, _ *storage.Tx, have storage.Take) error {
				if arrived++; have.ID != take.ID || have.Direct || have.MadeBlobs != 6 {
					t.Errorf("%s: told of %+v", name, have)
				}
				return nil
			}
			why := ""
			if _, err := c.EndLocalTake(ctx, r.ID, take.ID, 6, 10_000, "stopped", note); err != nil {
				t.Fatal(err)
			}
			for _, i := range []int{5, 0, 1, 2, 4, 3, 3} {
				added, err := c.AddBlob(ctx, r.ID, blobs[i], note)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				why += added.Why
				if added.Completed {
					t.Errorf("%s: complete without transcoding", name)
				}
			}
			have, err := c.LocalTake(ctx, r.ID, take.ID)
			if err != nil || have.Direct || have.MadeBlobs != 6 || !have.CompletedAt.IsZero() || arrived != 1 || why == "" {
				t.Errorf("%s: %+v, told %d times, why %q: %v", name, have, arrived, why, err)
			}
		}
	})
}

// When the work cannot be queued, the blob is not there, and comes again.
func TestArrivedFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r := newRecording(t, c)
		take := localTake(r)
		take.Direct = false
		take = begin(t, c, take)
		b := storage.Blob{TakeID: take.ID, Number: 1, Bytes: 9, SHA256: "a", ObjectKey: "blobs/1"}
		if _, err := c.EndLocalTake(ctx, r.ID, take.ID, 1, 10, "crash", nil); err != nil {
			t.Fatal(err)
		}
		_, err := c.AddBlob(ctx, r.ID, b, func(context.Context, *storage.Tx, storage.Take) error {
			return storage.Errorf(storage.Unavailable, "The queue is away.")
		})
		wantKind(t, err, storage.Unavailable)
		if held, err := c.HeldBlobs(ctx, r.ID, take.ID); err != nil || held.Ranges != nil || held.Take.MadeBlobs != 0 {
			t.Errorf("%+v: %v", held, err)
		}
	})
}

func TestBlobRefusals(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r, another := newRecording(t, c), newRecording(t, c)
		take := begin(t, c, localTake(r))
		blobs := lesson(take, 3, rand.New(rand.NewPCG(5, 6)))
		add := func(recording storage.ID, b storage.Blob) error {
			b.TakeID = take.ID
			_, may := c.MayAddBlob(ctx, recording, b)
			_, err := c.AddBlob(ctx, recording, b, nil)
			if storage.KindOf(may) != storage.KindOf(err) {
				t.Errorf("blob %d: before its body %v, and behind it %v", b.Number, may, err)
			}
			return err
		}
		for _, b := range blobs[:2] {
			if err := add(r.ID, b); err != nil {
				t.Fatal(err)
			}
		}
		other := blobs[1]
		other.SHA256 = "another"
		wantKind(t, add(r.ID, other), storage.Conflict)
		wantKind(t, add(another.ID, blobs[2]), storage.NotFound)
		for number, kind := range map[int64]storage.Kind{0: storage.Invalid, -1: storage.Invalid, 1 << 62: storage.Invalid,
			storage.MaxBlobs + 1: storage.Invalid, 2 + storage.MaxAhead + 1: storage.Invalid, 2 + storage.MaxAhead: ""} {
			b := blobs[2]
			b.Number = number
			wantKind(t, add(r.ID, b), kind)
		}
		live := storage.NewID()
		if _, err := c.BeginTake(ctx, storage.Take{ID: live, RecordingID: r.ID, Route: storage.RouteLive}); err != nil {
			t.Fatal(err)
		}
		b := blobs[2]
		b.TakeID = live
		_, err := c.AddBlob(ctx, r.ID, b, nil)
		wantKind(t, err, storage.NotFound)

		end := func(blobs, length int64) error {
			_, err := c.EndLocalTake(ctx, r.ID, take.ID, blobs, length, "stopped", nil)
			return err
		}
		wantKind(t, end(2, 1000), storage.Conflict) // number 1002 is there
		wantKind(t, end(storage.MaxBlobs+1, 1000), storage.Invalid)
		wantKind(t, end(-1, 1000), storage.Invalid)
		wantKind(t, end(1002, storage.MaxTimeline.Milliseconds()+1), storage.Invalid)
		wantKind(t, end(1002, -1), storage.Invalid)
		wantKind(t, end(1002, 1000), "")
		wantKind(t, end(1002, 1000), "")
		wantKind(t, end(1003, 1000), storage.Conflict)
		b = blobs[2]
		b.Number = 1003
		wantKind(t, add(r.ID, b), storage.Conflict)
		wantKind(t, add(r.ID, blobs[2]), "")

		held, err := c.HeldBlobs(ctx, r.ID, take.ID)
		if want := [][2]int64{{1, 3}, {1002, 1002}}; err != nil || !cmp.Equal(held.Ranges, want) || held.Bytes != 4000 {
			t.Errorf("held %v, %d bytes: %v", held.Ranges, held.Bytes, err)
		}
		_, err = c.HeldBlobs(ctx, another.ID, take.ID)
		wantKind(t, err, storage.NotFound)

		// 30 days later.
		if _, err := db.Exec(ctx, `UPDATE recordings SET started_at = ? WHERE id = ?`,
			storage.At(time.Now().Add(-storage.LocalFor-time.Minute)), r.ID); err != nil {
			t.Fatal(err)
		}
		b = blobs[2]
		b.Number = 5
		wantKind(t, add(r.ID, b), storage.Conflict)
		wantKind(t, add(r.ID, blobs[2]), "") // whose answer was lost
		_, _, err = c.BeginLocalTake(ctx, localTake(r))
		wantKind(t, err, storage.Conflict)

		if err := db.InTx(ctx, func(tx *storage.Tx) error { return c.DeleteRecording(ctx, tx, r.ID) }); err != nil {
			t.Fatal(err)
		}
		wantKind(t, add(r.ID, blobs[2]), storage.NotFound)
		wantKind(t, end(1002, 1000), storage.NotFound)
		_, err = c.HeldBlobs(ctx, r.ID, take.ID)
		wantKind(t, err, storage.NotFound)
	})
}

func TestBeginLocalTake(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r, another := newRecording(t, c), newRecording(t, c)
		take := localTake(r)
		for _, want := range []bool{true, false} {
			have, made, err := c.BeginLocalTake(ctx, take)
			if err != nil || made != want || have.Route != storage.RouteLocal || have.State != "open" || !have.Direct ||
				have.BlobCount != -1 {
				t.Errorf("%+v, made %t: %v", have, made, err)
			}
		}
		for name, change := range map[string]func(t *storage.Take){
			"another recording": func(t *storage.Take) { t.RecordingID = another.ID },
			"another source":    func(t *storage.Take) { t.Source = "screen" },
			"another place":     func(t *storage.Take) { t.OffsetMS = 1 },
			"another time":      func(t *storage.Take) { t.StartedAt = storage.At(t.StartedAt.Add(time.Second)) },
			"another type":      func(t *storage.Take) { t.MediaType = "video/webm" },
			"another lead":      func(t *storage.Take) { t.LeadMS = 29 },
		} {
			changed := take
			change(&changed)
			if _, _, err := c.BeginLocalTake(ctx, changed); storage.KindOf(err) != storage.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		at := func(ms int64) error {
			late := localTake(r)
			late.OffsetMS = ms
			_, _, err := c.BeginLocalTake(ctx, late)
			return err
		}
		wantKind(t, at(-1), storage.Invalid)
		wantKind(t, at(storage.MaxTimeline.Milliseconds()), "")
		wantKind(t, at(storage.MaxTimeline.Milliseconds()+1), storage.Invalid)
		ahead := func(ms int64) error {
			take := localTake(r)
			take.LeadMS = ms
			have, _, err := c.BeginLocalTake(ctx, take)
			if err == nil && have.LeadMS != ms {
				t.Errorf("a picture %d ms ahead is noted as %d", ms, have.LeadMS)
			}
			return err
		}
		wantKind(t, ahead(-1), storage.Invalid)
		wantKind(t, ahead(storage.MaxLeadMS), "")
		wantKind(t, ahead(storage.MaxLeadMS+1), storage.Invalid)
		// A laptop that was away sends what it has of a lesson that was stopped by another.
		if err := c.StopRecording(ctx, r.ID, -1); err != nil {
			t.Fatal(err)
		}
		wantKind(t, at(60_000), "")
		if err := c.StopRecording(ctx, r.ID, 50_000); err != nil {
			t.Fatal(err)
		}
		wantKind(t, at(55_000), "")
		wantKind(t, at(55_001), storage.Conflict)
		wantKind(t, at(60_000), storage.Conflict)
		if _, made, err := c.BeginLocalTake(ctx, take); made || err != nil {
			t.Errorf("one of before: made %t, %v", made, err)
		}
	})
}

// A take whose picture is put off begins with its sound, and its blobs wait for its tracks.
func TestLead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r := newRecording(t, c)
		take := localTake(r)
		take.LeadMS = 29
		take = begin(t, c, take)
		blobs := lesson(take, 4, rand.New(rand.NewPCG(1, 2)))
		for _, b := range blobs[1:] {
			for f := range b.Contents.V.Fragments {
				picture := &b.Contents.V.Fragments[f].Runs[0]
				picture.Start, picture.End = picture.Start+870, picture.End+870
			}
		}
		lead := func(b storage.Blob) int {
			t.Helper()
			ms, tracks, err := c.Lead(ctx, r.ID, b)
			if err != nil || ms != 29 {
				t.Fatalf("%d ms, %v", ms, err)
			}
			return len(tracks)
		}
		if n := lead(blobs[0]); n != 0 {
			t.Errorf("%d tracks before there are any", n)
		}
		_, _, err := c.Lead(ctx, r.ID, blobs[1])
		wantKind(t, err, storage.Unavailable)
		for i, b := range blobs {
			if n := lead(b); i > 0 && n != 2 {
				t.Errorf("%d tracks", n)
			}
			if _, err := c.AddBlob(ctx, r.ID, b, nil); err != nil {
				t.Fatal(err)
			}
		}
		segments := segmentsOf(t, c, take.ID)
		first := blobs[1].Contents.V.Fragments[0].Runs[0]
		if segments[0].Start != 0 || segments[0].Length < storage.Ticks(first.End-first.Start)*3 {
			t.Errorf("the first segment: %+v", segments[0])
		}
		for i := 1; i < len(segments); i++ {
			if before := segments[i-1]; segments[i].Start != before.Start+before.Length {
				t.Errorf("segment %d begins at %d, and the one before ends at %d", i+1, segments[i].Start,
					before.Start+before.Length)
			}
		}
		// One that must be transcoded has no tracks, and waits for none.
		other := localTake(r)
		other.LeadMS, other.Direct = 29, false
		other = begin(t, c, other)
		lead(storage.Blob{TakeID: other.ID, Number: 7})
		// Without a lead there is no order.
		plain := begin(t, c, localTake(r))
		if ms, _, err := c.Lead(ctx, r.ID, storage.Blob{TakeID: plain.ID, Number: 7}); ms != 0 || err != nil {
			t.Errorf("without one: %d, %v", ms, err)
		}
	})
}

// A million takes are refused at the five hundred and first, at the cost of one bounded query.
func TestTooManyLocalTakes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c := t.Context(), storage.NewCatalogue(db)
		r := newRecording(t, c)
		rows := make([]string, storage.MaxLocalTakes)
		for i := range rows {
			rows[i] = fmt.Sprintf("('%s', '%s', 'local', 'open', '%s')", storage.NewID(), r.ID, "2026-01-01T00:00:00.000000Z")
		}
		if _, err := db.Exec(ctx, `INSERT INTO takes (id, recording_id, route, state, started_at) VALUES `+
			strings.Join(rows[1:], ", ")); err != nil {
			t.Fatal(err)
		}
		last := begin(t, c, localTake(r))
		_, _, err := c.BeginLocalTake(ctx, localTake(r))
		wantKind(t, err, storage.TooMany)
		if have, made, err := c.BeginLocalTake(ctx, last); err != nil || made || have.ID != last.ID {
			t.Errorf("the last one again: made %t, %v", made, err)
		}
	})
}

func TestCaptureTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx, c, now := t.Context(), storage.NewCatalogue(db), time.Now()
		r, another := newRecording(t, c), newRecording(t, c)
		token, err := c.NewCaptureToken(ctx, r.ID, r.OwnerID, now)
		if err != nil || !strings.HasPrefix(token.Secret, "brt_") || len(token.Secret) != 47 {
			t.Fatalf("%+v: %v", token, err)
		}
		whose := func(secret string, recording storage.ID, at time.Time) (storage.ID, error) {
			return c.CaptureTokenUser(ctx, secret, recording, at)
		}
		if user, err := whose(token.Secret, r.ID, now.Add(59*24*time.Hour)); err != nil || user != r.OwnerID {
			t.Errorf("%s: %v", user, err)
		}
		var kept string
		if err := db.Get(ctx, &kept, `SELECT sha256 FROM capture_tokens`); err != nil || strings.Contains(token.Secret, kept) {
			t.Errorf("kept as %s: %v", kept, err)
		}
		for name, ask := range map[string]struct {
			secret    string
			recording storage.ID
			at        time.Time
		}{
			"another recording": {token.Secret, another.ID, now},
			"expired":           {token.Secret, r.ID, now.Add(60*24*time.Hour + time.Second)},
			"guessed":           {"brt_" + strings.Repeat("A", 43), r.ID, now},
			"its hash":          {kept, r.ID, now},
			"empty":             {"", r.ID, now},
			"endless":           {"brt_" + strings.Repeat("A", 1<<20), r.ID, now},
		} {
			if _, err := whose(ask.secret, ask.recording, ask.at); storage.KindOf(err) != storage.Unauthenticated {
				t.Errorf("%s: %v", name, err)
			}
		}
		// The oldest of very many makes room.
		for i := range 50 {
			if _, err := c.NewCaptureToken(ctx, r.ID, r.OwnerID, now.Add(time.Duration(i+1)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		_, err = whose(token.Secret, r.ID, now)
		wantKind(t, err, storage.Unauthenticated)
		var count int
		if err := db.Get(ctx, &count, `SELECT COUNT(*) FROM capture_tokens`); err != nil || count != 50 {
			t.Errorf("%d tokens are kept: %v", count, err)
		}
		token, err = c.NewCaptureToken(ctx, another.ID, another.OwnerID, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.RevokeCaptureTokens(ctx, r.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := whose(token.Secret, another.ID, now); err != nil {
			t.Errorf("another recording's: %v", err)
		}
		if err := c.SweepCaptureTokens(ctx, now.Add(60*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := db.Get(ctx, &count, `SELECT COUNT(*) FROM capture_tokens`); err != nil || count != 0 {
			t.Errorf("%d tokens are left: %v", count, err)
		}
	})
}
