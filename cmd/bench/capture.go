package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"backrow/capture/encoder"
	"backrow/storage"
)

// captureBench measures what receiving lessons costs: CPU time and memory of each stream, of a
// server that records them and of a bare receiver, turn by turn.
type captureBench struct {
	clip    *encoder.Clip
	warm    time.Duration
	time    time.Duration
	profile string
	s3      string
	out     io.Writer
}

// reading is what one turn found.
type reading struct {
	cpu    float64 // of a core, per stream, in percent
	memory float64 // bytes per stream, beyond what the process has without any
	late   time.Duration
}

func benchCapture(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("capture", flag.ContinueOnError)
	streams := flags.String("streams", "20,50,100", "how many lessons at once, one turn after the other")
	warm := flags.Duration("warm", 15*time.Second, "how long each turn sends before it is measured")
	length := flags.Duration("time", 30*time.Second, "how long each turn is measured")
	runs := flags.Int("runs", 3, "turns of each kind; medians are told")
	profile := flags.String("profile", "", "a folder for CPU profiles of the recording server")
	s3 := flags.String("s3", "", "http://KEY:SECRET@HOST:PORT of a store in a process of its own; none: the embedded one, whose work counts as the server's")
	ffmpeg := flags.String("ffmpeg", "ffmpeg", "the ffmpeg command")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *runs < 1 || *length < time.Second {
		return fmt.Errorf("-runs must be 1 or more and -time 1s or more")
	}
	clip, err := encoder.Render(ctx, encoder.ClipOptions{FFmpeg: *ffmpeg, Width: 1280, Height: 720,
		BitsPerSecond: 2_000_000, Length: 10 * time.Second})
	if err != nil {
		return err
	}
	b := &captureBench{clip: clip, warm: *warm, time: *length, profile: *profile, s3: *s3, out: out}
	for _, text := range strings.Split(*streams, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > 1000 {
			return fmt.Errorf("-streams wants numbers from 1 to 1000, not %q", text)
		}
		if err := b.measure(ctx, n, *runs); err != nil {
			return err
		}
	}
	return nil
}

// measure takes turns, so that a busy moment of the machine meets both kinds.
func (b *captureBench) measure(ctx context.Context, streams, runs int) error {
	found := map[string][]reading{}
	for range runs {
		for _, kind := range []string{"bare", "capture"} {
			r, err := b.turn(ctx, kind, streams)
			if err != nil {
				return fmt.Errorf("%s with %d streams: %w", kind, streams, err)
			}
			found[kind] = append(found[kind], r)
		}
	}
	median := func(kind string, of func(reading) float64) float64 {
		var all []float64
		for _, r := range found[kind] {
			all = append(all, of(r))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	cpu := func(r reading) float64 { return r.cpu }
	memory := func(r reading) float64 { return r.memory / 1e6 }
	late := func(r reading) float64 { return r.late.Seconds() * 1000 }
	for _, f := range []figure{
		{What: "cpu per stream", Value: median("capture", cpu), Bound: median("bare", cpu), Unit: "% of a core"},
		{What: "memory per stream", Value: median("capture", memory), Bound: median("bare", memory), Unit: "MB"},
		{What: "senders late", Value: median("capture", late), Bound: median("bare", late), Unit: "ms"},
	} {
		f.Streams, f.Runs = streams, runs
		if f.Bound > 0 {
			f.Ratio = f.Value / f.Bound
		}
		if err := f.print(b.out); err != nil {
			return err
		}
	}
	return nil
}

// turn starts a receiver, sends to it, and reads what it used meanwhile.
func (b *captureBench) turn(ctx context.Context, kind string, streams int) (r reading, err error) {
	folder, err := os.MkdirTemp("", "backrow-bench-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(folder)
	p, err := start(ctx, kind, folder, b.s3)
	if err != nil {
		return r, err
	}
	defer func() {
		if ended := p.stop(); err == nil {
			err = ended
		}
	}()
	empty, err := p.memory()
	if err != nil {
		return r, err
	}
	send, cancel := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer senders.Wait()
	defer cancel()
	var mu sync.Mutex
	for range streams {
		e, err := b.connect(ctx, p.url)
		if err != nil {
			return r, err
		}
		senders.Go(func() {
			defer e.Close() //nolint:errcheck // what was to be measured has been
			sent := e.Send(send, time.Hour)
			mu.Lock()
			defer mu.Unlock()
			r.late = max(r.late, sent.Late)
		})
	}
	if !pause(ctx, b.warm) {
		return r, ctx.Err()
	}
	before, err := p.cpu()
	if err != nil {
		return r, err
	}
	begun := time.Now()
	if kind == "capture" && b.profile != "" {
		err = b.keepProfile(ctx, p.url, streams)
	}
	if err != nil || !pause(ctx, b.time-time.Since(begun)) {
		return r, errorsOr(err, ctx.Err())
	}
	after, err := p.cpu()
	if err != nil {
		return r, err
	}
	r.cpu = 100 * (after - before).Seconds() / time.Since(begun).Seconds() / float64(streams)
	full, err := p.memory()
	r.memory = float64(full-empty) / float64(streams)
	cancel()
	senders.Wait()
	return r, err
}

func errorsOr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// connect makes an encoder and its session.
func (b *captureBench) connect(ctx context.Context, endpoint string) (*encoder.Encoder, error) {
	e, err := encoder.New(b.clip)
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("%s/api/recordings/%s/takes/%s/whip", endpoint, storage.NewID(), storage.NewID())
	answer, err := post(ctx, address, e.Offer())
	if err == nil {
		err = e.Answer(ctx, answer)
	}
	if err != nil {
		_ = e.Close()
		return nil, err
	}
	return e, nil
}

func post(ctx context.Context, address, offer string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(offer))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/sdp")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(response.Body, 1<<20)); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("the endpoint answers %s: %s", response.Status, body.String())
	}
	return body.String(), nil
}

// keepProfile has the server profile itself while it is measured.
func (b *captureBench) keepProfile(ctx context.Context, endpoint string, streams int) error {
	seconds := max(int(b.time.Seconds())-2, 1)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet,
		fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", endpoint, seconds), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	file, err := os.Create(filepath.Join(b.profile, fmt.Sprintf("capture-%d.pprof", streams)))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, response.Body)
	return err
}

// pause waits; false when ctx ends first.
func pause(ctx context.Context, length time.Duration) bool {
	select {
	case <-time.After(length):
		return true
	case <-ctx.Done():
		return false
	}
}
