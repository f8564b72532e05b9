package demo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"backrow/storage"
	"backrow/storage/objects"
	"backrow/transcode/ffmpeg"
)

const (
	width, height   = 640, 360
	framesPerSecond = 15
	codecs          = "avc1.64001e,opus" // High, level 3.0, as asked for below
	makeWithin      = 5 * time.Minute
)

// makeMedia draws a lesson, encodes it in segments of two seconds, and stores them as a take that
// was uploaded.
func (h House) makeMedia(ctx context.Context, l lesson) error {
	folder, err := os.MkdirTemp(h.Scratch, "demo-")
	if err != nil {
		return storage.Errorf(storage.Unavailable, "There is no room to make the demonstration. %w", err)
	}
	defer os.RemoveAll(folder)
	frames, drawing := io.Pipe()
	go func() { drawing.CloseWithError(drawLesson(drawing, l.seconds)) }()
	defer frames.Close()
	if err := h.FFmpeg.Run(ctx, ffmpeg.Command{
		Args: encode(l.seconds), Folder: folder, Stdin: frames, Limits: ffmpeg.Limits{Time: makeWithin},
	}); err != nil {
		return storage.Errorf(storage.Unavailable, "ffmpeg could not make the demonstration's lessons. %w", err)
	}
	return h.store(ctx, l, folder)
}

func encode(seconds int) []string {
	// A murmur that comes and goes, and a voice above it: something for the waveform to show.
	const murmur = "anoisesrc=color=pink:sample_rate=48000:amplitude=0.2:seed=3," +
		"volume='0.15+0.5*abs(sin(t*0.31)*sin(t*1.7))':eval=frame"
	const voice = "aevalsrc='0.25*sin(2*PI*165*t+3*sin(2*PI*4*t))*gt(sin(t*0.9),0.1)*abs(sin(t*3.1))':s=48000"
	return []string{
		"-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pix_fmt", "rgba",
		"-s", fmt.Sprintf("%dx%d", width, height), "-r", strconv.Itoa(framesPerSecond), "-i", "pipe:0",
		"-f", "lavfi", "-i", murmur, "-f", "lavfi", "-i", voice,
		"-filter_complex", "[1:a][2:a]amix=inputs=2:normalize=0[sound]", "-map", "0:v", "-map", "[sound]",
		"-t", strconv.Itoa(seconds),
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-level", "3.0", "-pix_fmt", "yuv420p",
		"-crf", "24", "-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0",
		"-c:a", "libopus", "-b:a", "64k", "-ac", "1",
		"-f", "hls", "-hls_segment_type", "fmp4", "-hls_time", "2", "-hls_list_size", "0", "-start_number", "1",
		"-hls_fmp4_init_filename", "init.mp4", "-hls_segment_filename", "%d.m4s", "list.m3u8",
	}
}

func (h House) store(ctx context.Context, l lesson, folder string) error {
	take, err := h.Catalogue.BeginTake(ctx, storage.Take{
		ID: l.take, RecordingID: l.id, Route: storage.RouteUpload, StartedAt: storage.At(l.started),
	})
	if err != nil {
		return err
	}
	for _, track := range []storage.Track{
		{TakeID: take.ID, Number: 1, Kind: "video", Codec: "h264", Timescale: storage.TicksPerSecond},
		{TakeID: take.ID, Number: 2, Kind: "audio", Codec: "opus", Timescale: 48000},
	} {
		if err := h.Catalogue.AddTrack(ctx, track); err != nil {
			return err
		}
	}
	prefix := fmt.Sprintf("recordings/%s/takes/%s/", l.id, take.ID)
	init, err := h.put(ctx, prefix+"init-1.mp4", filepath.Join(folder, "init.mp4"))
	if err != nil {
		return err
	}
	if err := h.Catalogue.AddInit(ctx, storage.Init{
		TakeID: take.ID, Number: 1, Codecs: codecs, Width: width, Height: height,
		ObjectKey: init.key, Bytes: init.bytes, SHA256: init.sha256,
	}); err != nil {
		return err
	}
	lengths, err := readLengths(filepath.Join(folder, "list.m3u8"))
	if err != nil {
		return err
	}
	var start storage.Ticks
	for i, length := range lengths {
		number := int64(i + 1)
		object, err := h.put(ctx, fmt.Sprintf("%s%d.m4s", prefix, number),
			filepath.Join(folder, fmt.Sprintf("%d.m4s", number)))
		if err != nil {
			return err
		}
		if err := h.Catalogue.AddSegment(ctx, storage.Segment{
			TakeID: take.ID, Number: number, InitNumber: 1, Start: start, Length: length,
			ObjectKey: object.key, Bytes: object.bytes, SHA256: object.sha256,
		}); err != nil {
			return err
		}
		start += length
	}
	return h.Catalogue.EndTake(ctx, take.ID, "demonstration")
}

type stored struct {
	key, sha256 string
	bytes       int64
}

func (h House) put(ctx context.Context, key, path string) (stored, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return stored{}, err
	}
	sum := sha256.Sum256(content)
	s := stored{key: key, sha256: hex.EncodeToString(sum[:]), bytes: int64(len(content))}
	return s, h.Objects.Put(ctx, key, bytes.NewReader(content), s.bytes,
		objects.PutOptions{MediaType: "video/mp4", SHA256: s.sha256})
}

// readLengths reads the lengths of the segments from the playlist that ffmpeg wrote (RFC 8216,
// section 4.3.2.1).
func readLengths(path string) ([]storage.Ticks, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var lengths []storage.Ticks
	for lines := bufio.NewScanner(file); lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "#EXTINF:")
		if !ok {
			continue
		}
		seconds, err := strconv.ParseFloat(strings.TrimSuffix(text, ","), 64)
		if err != nil {
			return nil, fmt.Errorf("demo: the playlist has %q: %w", text, err)
		}
		lengths = append(lengths, storage.Ticks(seconds*storage.TicksPerSecond+0.5))
	}
	if len(lengths) == 0 {
		return nil, fmt.Errorf("demo: ffmpeg made no segments")
	}
	return lengths, nil
}
