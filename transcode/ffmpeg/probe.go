package ffmpeg

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Stream is one medium of a file.
type Stream struct {
	Index    int    `json:"index"`
	Kind     string `json:"codec_type"` // video, audio
	Codec    string `json:"codec_name"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Channels int    `json:"channels"`
}

// mostTold is more than ffprobe says of a hundred streams.
const mostTold = 1 << 20

// Probe says which streams a file has that a browser recorded, read as that container and as
// nothing else. A file that is none is an *Error. The context and the limits are those of Run.
func (t Tools) Probe(ctx context.Context, c Container, name, folder string, limits Limits) (
	[]Stream, error,
) {
	out := &most{left: mostTold}
	args := []string{"-hide_banner", "-loglevel", "warning", "-protocol_whitelist", "file",
		"-codec_whitelist", recordedCodecs, "-f", string(c), "-show_entries",
		"stream=index,codec_type,codec_name,width,height,channels", "-of", "json", name}
	if err := start(ctx, t.FFprobe, args, Command{Args: args, Folder: folder, Stdout: out,
		Limits: limits}); err != nil {
		return nil, err
	}
	var told struct{ Streams []Stream }
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		return nil, fmt.Errorf("ffmpeg: read what ffprobe said: %w", err)
	}
	return told.Streams, nil
}

// most keeps what is written to it, up to a bound.
type most struct {
	bytes.Buffer
	left int
}

var errTooMuch = errors.New("ffmpeg: too much was said")

func (m *most) Write(p []byte) (int, error) {
	if m.left -= len(p); m.left < 0 {
		return 0, errTooMuch
	}
	return m.Buffer.Write(p)
}
