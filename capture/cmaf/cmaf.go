// Package cmaf writes what HLS players and ffmpeg read: init segments and media segments of
// fragmented MP4 (ISO/IEC 14496-12; CMAF, ISO/IEC 23000-19), audio and video in one file, video
// as track 1 in 1/90000 s and audio as track 2 in 1/48000 s. It decides nothing about time: it is
// given decode times and durations.
package cmaf

import (
	"bytes"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"backrow/capture/depacket"
)

// The tracks of every file.
const (
	VideoTrack     = 1
	AudioTrack     = 2
	VideoTimescale = 90000
	AudioTimescale = 48000
)

// Tracks are the formats of a file's tracks. A zero Format is a track that is not there.
type Tracks struct {
	Video depacket.Format
	Audio depacket.Format
}

// HasVideo reports whether there is a video track.
func (t Tracks) HasVideo() bool { return t.Video.Codec != "" }

// HasAudio reports whether there is an audio track.
func (t Tracks) HasAudio() bool { return t.Audio.Codec != "" }

// Sample is one frame in a track.
type Sample struct {
	Duration uint32 // in the track's timescale
	Offset   int32  // presentation after decode time; 0 but for encoders that reorder
	Key      bool
	Data     []byte
}

// Run is the samples of one track in a segment, one after the other.
type Run struct {
	Start   int64 // decode time of the first, in the track's timescale
	Samples []Sample
}

// Init writes the init segment.
func Init(tracks Tracks) ([]byte, error) {
	var file fmp4.Init
	if tracks.HasVideo() {
		codec, err := videoCodec(tracks.Video)
		if err != nil {
			return nil, err
		}
		file.Tracks = append(file.Tracks,
			&fmp4.InitTrack{ID: VideoTrack, TimeScale: VideoTimescale, Codec: codec})
	}
	if tracks.HasAudio() {
		file.Tracks = append(file.Tracks, &fmp4.InitTrack{ID: AudioTrack, TimeScale: AudioTimescale,
			Codec: &codecs.Opus{ChannelCount: tracks.Audio.Channels}})
	}
	if len(file.Tracks) == 0 {
		return nil, fmt.Errorf("cmaf: an init segment needs a track")
	}
	var out seekablebuffer.Buffer
	if err := file.Marshal(&out); err != nil {
		return nil, fmt.Errorf("cmaf: init segment: %w", err)
	}
	if tracks.Video.Codec == depacket.VP8 {
		return bytes.Replace(out.Bytes(), []byte("vp09"), []byte("vp08"), 1), nil
	}
	return out.Bytes(), nil
}

// videoCodec describes the video track. VP8's sample entry is VP9's under another name ('vp08',
// VP Codec ISO Media File Format Binding, section 2): ffmpeg reads it, and so a lesson that can
// come in no other codec is kept whole and playable once it is transcoded, though no browser plays
// these segments themselves.
func videoCodec(f depacket.Format) (codecs.Codec, error) {
	switch f.Codec {
	case depacket.H264:
		return &codecs.H264{SPS: []byte(f.SPS), PPS: []byte(f.PPS)}, nil
	case depacket.VP9:
		return &codecs.VP9{Width: f.Width, Height: f.Height, Profile: f.Profile,
			BitDepth: f.BitDepth, ChromaSubsampling: f.Chroma}, nil
	case depacket.VP8:
		return &codecs.VP9{Width: f.Width, Height: f.Height, BitDepth: 8, ChromaSubsampling: 1}, nil
	}
	return nil, fmt.Errorf("cmaf: %q is not a video codec that MP4 holds", f.Codec)
}
