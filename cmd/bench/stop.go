package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"backrow/capture"
	"backrow/storage"
	"backrow/storage/objects"
)

// lessonShort and lessonLong are the lessons between whose ends there must be no difference.
const (
	lessonShort = time.Minute
	lessonLong  = 3 * time.Hour
	segmentTime = 2 * time.Second
	segmentSize = 500 << 10 // of 2 Mbit/s
)

// benchStop measures what happens between Stop and save and the first frame: the recording is
// stopped, its playlist read, the first segment fetched. The bound of the long lesson is the short
// one.
func benchStop(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("stop", flag.ContinueOnError)
	runs := flags.Int("runs", 5, "how often; medians are told")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *runs < 1 {
		return fmt.Errorf("-runs must be 1 or more")
	}
	folder, err := os.MkdirTemp("", "backrow-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	r, err := openRecorder(ctx, folder, "")
	if err != nil {
		return err
	}
	defer r.close()
	took := map[time.Duration][]float64{}
	for range *runs {
		for _, length := range []time.Duration{lessonShort, lessonLong} {
			recording, err := r.synthesize(ctx, length)
			if err != nil {
				return err
			}
			begun := time.Now()
			if err := r.stopAndSee(ctx, recording); err != nil {
				return err
			}
			took[length] = append(took[length], float64(time.Since(begun).Microseconds())/1000)
		}
	}
	median := func(length time.Duration) float64 {
		slices.Sort(took[length])
		return took[length][*runs/2]
	}
	f := figure{What: "stop to first segment, 3 h against 1 min", Unit: "ms", Runs: *runs,
		Value: median(lessonLong), Bound: median(lessonShort)}
	f.Ratio = f.Value / f.Bound
	return f.print(out)
}

// synthesize notes a lesson of that length, whose segments are all the same object.
func (r *recorder) synthesize(ctx context.Context, length time.Duration) (storage.ID, error) {
	recording, take := storage.NewID(), storage.NewID()
	if err := r.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := r.catalogue.CreateRecording(ctx, tx, storage.Recording{ID: recording,
			ProgramID: storage.NewID(), OwnerID: storage.NewID(), Title: "Fractions"})
		return err
	}); err != nil {
		return "", err
	}
	if _, err := r.catalogue.BeginTake(ctx, storage.Take{ID: take, RecordingID: recording,
		Route: storage.RouteLive}); err != nil {
		return "", err
	}
	data := bytes.Repeat([]byte(recording), segmentSize/len(recording))
	sum := sha256.Sum256(data)
	key := fmt.Sprintf("recordings/%s/takes/%s/1.m4s", recording, take)
	if err := r.store.Put(ctx, key, bytes.NewReader(data), int64(len(data)),
		objects.PutOptions{MediaType: "video/iso.segment"}); err != nil {
		return "", err
	}
	if err := r.catalogue.AddInit(ctx, storage.Init{TakeID: take, Number: 1, Codecs: "avc1.42e01f,opus",
		Width: 1280, Height: 720, ObjectKey: key, Bytes: int64(len(data)),
		SHA256: hex.EncodeToString(sum[:])}); err != nil {
		return "", err
	}
	ticks := storage.Ticks(segmentTime.Seconds() * storage.TicksPerSecond)
	for n := int64(0); n < int64(length/segmentTime); n++ {
		if err := r.catalogue.AddSegment(ctx, storage.Segment{TakeID: take, Number: n + 1, InitNumber: 1,
			Start: storage.Ticks(n) * ticks, Length: ticks, ObjectKey: key, Bytes: int64(len(data)),
			SHA256: hex.EncodeToString(sum[:])}); err != nil {
			return "", err
		}
	}
	return recording, r.catalogue.EndTake(ctx, take, "recording stopped")
}

// stopAndSee does what the page and the player do, without them.
func (r *recorder) stopAndSee(ctx context.Context, recording storage.ID) error {
	if _, err := r.Stop(ctx, recording, -1); err != nil {
		return err
	}
	list, err := r.Playlist(ctx, recording, capture.View{})
	if err != nil {
		return err
	}
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		key := "recordings/" + string(recording) + "/" + strings.TrimSpace(line)
		body, _, err := r.store.Get(ctx, key, 0, -1)
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.Copy(io.Discard, body)
		return err
	}
	return fmt.Errorf("the playlist lists nothing")
}
