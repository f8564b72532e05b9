// Package encoder is a WHIP encoder without a camera: it sends a clip, over and over, as a browser
// sends a lesson. The doctor records with it to see whether everything works, and the benchmark
// loads a server with many of them.
package encoder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4/pkg/media/h264reader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

const (
	// fps is the rate of a clip's pictures, a second.
	fps = 30
	// packetTime is the length of a packet of sound.
	packetTime = 20 * time.Millisecond
	// payloadBytes is what browsers put into one RTP packet at most.
	payloadBytes = 1200
	// maxUnit bounds a picture of a clip, which is made by ffmpeg, to what 720p can need.
	maxUnit = 4 << 20
)

// ClipOptions say what a clip is to be.
type ClipOptions struct {
	FFmpeg        string // path or name of ffmpeg
	Width, Height int
	BitsPerSecond int           // of the pictures
	Length        time.Duration // whole seconds
}

// Clip is a few seconds of H.264 and Opus, ready to be sent. It is never changed: any number of
// encoders may send one.
type Clip struct {
	pictures []picture
	sounds   [][]byte // Opus packets
}

// picture is one access unit, cut into RTP payloads (RFC 6184).
type picture struct {
	key      bool
	payloads [][]byte
}

// Pictures is how many pictures the clip has, and Sounds how many packets of 20 ms of sound.
func (c *Clip) Pictures() int { return len(c.pictures) }

// Sounds is described with Pictures.
func (c *Clip) Sounds() int { return len(c.sounds) }

// Render has ffmpeg make a clip: a test picture with a key frame every two seconds, and a tone.
func Render(ctx context.Context, o ClipOptions) (*Clip, error) {
	seconds := fmt.Sprintf("%d", int(o.Length.Seconds()))
	rate := fmt.Sprintf("%d", o.BitsPerSecond)
	video, err := run(ctx, o.FFmpeg, "-f", "lavfi",
		"-i", fmt.Sprintf("testsrc2=s=%dx%d:r=%d,noise=alls=12:allf=t", o.Width, o.Height, fps),
		"-t", seconds, "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast",
		"-tune", "zerolatency", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0",
		"-x264-params", "sliced-threads=0:slices=1", "-threads", "1",
		"-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-pix_fmt", "yuv420p", "-f", "h264", "-")
	if err != nil {
		return nil, err
	}
	audio, err := run(ctx, o.FFmpeg, "-f", "lavfi", "-i", "sine=f=440:r=48000", "-t", seconds,
		"-ac", "2", "-c:a", "libopus", "-b:a", "64k", "-page_duration", "20000", "-f", "ogg", "-")
	if err != nil {
		return nil, err
	}
	clip := &Clip{}
	if clip.pictures, err = picturesOf(video); err != nil {
		return nil, err
	}
	if clip.sounds, err = soundsOf(audio); err != nil {
		return nil, err
	}
	if len(clip.pictures) == 0 || len(clip.sounds) == 0 {
		return nil, errors.New("encoder: ffmpeg made an empty clip")
	}
	return clip, nil
}

func run(ctx context.Context, ffmpeg string, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	command := exec.CommandContext(ctx, ffmpeg, append([]string{"-nostdin", "-v", "error"}, args...)...)
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("encoder: ffmpeg: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// picturesOf parts an Annex B stream into access units: each ends with its one slice.
func picturesOf(stream []byte) (pictures []picture, err error) {
	reader, err := h264reader.NewReader(bytes.NewReader(stream))
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	payloader := &codecs.H264Payloader{}
	var unit []byte
	for {
		nal, err := reader.NextNAL()
		if errors.Is(err, io.EOF) {
			return pictures, nil
		}
		if err != nil {
			return nil, fmt.Errorf("encoder: %w", err)
		}
		if nal.UnitType == h264reader.NalUnitTypeSEI {
			continue
		}
		unit = append(append(unit, 0, 0, 0, 1), nal.Data...)
		if len(unit) > maxUnit {
			return nil, errors.New("encoder: ffmpeg made a picture that is too large")
		}
		if nal.UnitType > h264reader.NalUnitTypeCodedSliceIdr {
			continue
		}
		pictures = append(pictures, picture{payloads: payloader.Payload(payloadBytes, unit),
			key: nal.UnitType == h264reader.NalUnitTypeCodedSliceIdr})
		unit = nil
	}
}

// soundsOf reads the packets of an Ogg stream whose pages hold one each (RFC 7845).
func soundsOf(stream []byte) (sounds [][]byte, err error) {
	reader, _, err := oggreader.NewWith(bytes.NewReader(stream))
	if err != nil {
		return nil, fmt.Errorf("encoder: %w", err)
	}
	for {
		page, _, err := reader.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return sounds, nil
		}
		if err != nil {
			return nil, fmt.Errorf("encoder: %w", err)
		}
		if !bytes.HasPrefix(page, []byte("OpusTags")) {
			sounds = append(sounds, page)
		}
	}
}
