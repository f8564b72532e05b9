package ffmpeg

import (
	"context"
	"fmt"
	"strconv"

	ff "github.com/u2takey/ffmpeg-go"
)

// What comes in from browsers is read as this and nothing else: a playlist, a subtitle file or a
// script under the name of a segment is not recognised for what it is, and can name no file.
const (
	container = "mov"
	codecs    = "h264,vp9,vp8,aac,opus,libopus,libvpx-vp9,libvpx"
)

// everyTwoSeconds forces key frames by the time since the last one, not by their number: time may
// begin anywhere, and leap.
const everyTwoSeconds = "expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+2))"

// PCM is the format that sound is passed in: signed 16-bit little-endian.
const (
	pcm        = "s16le"
	SampleRate = 48000
)

// fragment opens a file of CMAF segments. Their edit lists are not heeded: whoever reads them says
// what is when.
func fragment(name string, more ...ff.KwArgs) *ff.Stream {
	return download(name, append(more, ff.KwArgs{"ignore_editlist": 1})...)
}

// download opens an MP4 file of our own.
func download(name string, more ...ff.KwArgs) *ff.Stream {
	return ff.Input(name, append([]ff.KwArgs{{
		"f": container, "protocol_whitelist": "file", "codec_whitelist": codecs,
	}}, more...)...)
}

func args(to string, limit int64, how ff.KwArgs, from ...*ff.Stream) []string {
	out := ff.KwArgs{"map_metadata": -1}
	if limit > 0 {
		out["fs"] = strconv.FormatInt(limit, 10)
	}
	stream := ff.Output(from, to, out, how)
	stream.Context = context.Background()
	return stream.GetArgs()
}

// seconds writes ticks of 1/90000 s to the microsecond.
func seconds(ticks int64) string {
	us := ticks * 100 / 9 // 1e6/90000
	sign := ""
	if us < 0 {
		sign, us = "-", -us
	}
	return fmt.Sprintf("%s%d.%06d", sign, us/1e6, us%1e6)
}

// Picture says how the video of one file is made ready to be joined with others.
type Picture struct {
	From, To      string
	Copy          bool // as it is; otherwise it is encoded to H.264
	Width, Height int  // of the encoded picture; smaller ones are fitted in
	Frames        int  // how many of it are taken, from the first; 0: all
	OutputBytes   int64
}

// Args makes a file of the video alone that begins with its first frame, every frame at its own
// time: none is made or left out to reach a rate. Encoded, it has no frames that refer to later ones, so that no player that
// overlooks an edit list loses sync, and a key frame every two seconds for seeking.
func (p Picture) Args() []string {
	in := fragment(p.From).Video()
	how := ff.KwArgs{"an": "", "video_track_timescale": 90000, "f": "mp4"}
	if p.Frames > 0 {
		how["frames:v"] = p.Frames
	}
	if p.Copy {
		how["c:v"] = "copy"
		how["bsf:v"] = "setts=pts=PTS-STARTPTS:dts=DTS-STARTDTS"
		return args(p.To, p.OutputBytes, how, in)
	}
	in = fitted(in, p.Width, p.Height).Filter("setpts", ff.Args{"PTS-STARTPTS"})
	for key, value := range (ff.KwArgs{
		"c:v": "libx264", "preset": "veryfast", "crf": 23, "bf": 0, "profile:v": "high",
		"level:v":  level(p.Width, p.Height),
		"fps_mode": "passthrough", "enc_time_base": "1:90000",
		"force_key_frames": everyTwoSeconds,
	}) {
		how[key] = value
	}
	return args(p.To, p.OutputBytes, how, in)
}

// fitted is a picture of exactly that size, with bars where it is of another shape.
func fitted(in *ff.Stream, width, height int) *ff.Stream {
	size := fmt.Sprintf("%d:%d", width, height)
	return in.Filter("scale", ff.Args{size}, ff.KwArgs{"force_original_aspect_ratio": "decrease"}).
		Filter("pad", ff.Args{size + ":(ow-iw)/2:(oh-ih)/2"}).
		Filter("setsar", ff.Args{"1"}).
		Filter("format", ff.Args{"yuv420p"})
}

// level is fixed, so that all parts of a recording have the same parameter sets. ITU-T H.264,
// table A-1: 3.1 holds 720p30, 4.0 1080p30, 5.1 the rest.
func level(width, height int) string {
	switch blocks := (width + 15) / 16 * ((height + 15) / 16); {
	case blocks <= 3600:
		return "3.1"
	case blocks <= 8192:
		return "4.0"
	}
	return "5.1"
}

// Sound says which sound is wanted of one file.
type Sound struct {
	From     string
	Start    int64 // in the file's own time, 1/90000 s, of the first sample wanted
	Channels int
	Steady   bool // its packets follow each other, or there is a gap: nothing is to be stretched
}

// Args decodes the sound to PCM on stdout. Sample n is that of Start + n/48000 s: what is missing
// is filled with silence when it is longer than 40 ms (a lost packet is 20), what drifts is
// stretched by at most 2 %.
func (s Sound) Args() []string {
	how := ff.KwArgs{"async": 960, "min_hard_comp": "0.040", "min_comp": "0.005", "first_pts": 0}
	if s.Steady {
		// With packets of 60 ms, as Chromium makes them, stretching loses its place.
		how = ff.KwArgs{"async": 1, "min_hard_comp": "0.040", "first_pts": 0}
	}
	in := fragment(s.From, ff.KwArgs{"copyts": ""}).Audio().
		Filter("asetpts", ff.Args{"PTS-" + seconds(s.Start) + "/TB"}).
		Filter("aresample", ff.Args{strconv.Itoa(SampleRate)}, how)
	return args("pipe:1", 0, ff.KwArgs{"vn": "", "ac": s.Channels, "f": pcm, "c:a": "pcm_s16le"}, in)
}

// Mux says what a download is made of.
type Mux struct {
	List        string // a concat list of files made by Picture; "": no picture
	Alike       bool   // the files have the same parameter sets, byte for byte
	Start       int64  // where on the timeline the first picture lies, 1/90000 s
	Channels    int    // of PCM on stdin, from the timeline's beginning; 0: no sound
	To          string
	OutputBytes int64
}

// Args joins the pictures and encodes the sound to AAC, into an MP4 whose index comes first.
func (m Mux) Args() []string {
	var from []*ff.Stream
	how := ff.KwArgs{"movflags": "+faststart", "f": "mp4"}
	if m.List != "" {
		input := ff.KwArgs{"f": "concat", "protocol_whitelist": "file", "itsoffset": seconds(m.Start)}
		if m.Alike {
			input["auto_convert"] = 0 // else every key frame is given the parameter sets again
		}
		from = append(from, ff.Input(m.List, input).Video())
		how["c:v"] = "copy"
		how["video_track_timescale"] = 90000
	}
	if m.Channels > 0 {
		from = append(from, ff.Input("pipe:0", ff.KwArgs{
			"f": pcm, "ar": SampleRate, "ac": m.Channels, "protocol_whitelist": "pipe",
			"thread_queue_size": 256,
		}).Audio())
		how["c:a"] = "aac"
		how["b:a"] = strconv.Itoa(64*m.Channels) + "k"
	}
	return args(m.To, m.OutputBytes, how, from...)
}

// Tiles says which small pictures are wanted of a download.
type Tiles struct {
	From          string
	Start         int64 // on the timeline, 1/90000 s: of the first
	Seconds       int   // from one to the next
	KeyFramesOnly bool  // far less work, and near enough when they are many seconds apart
	Width, Height int
}

// Args decodes, as RGB to stdout, the picture that is shown at Start and every Seconds after.
func (t Tiles) Args() []string {
	how := ff.KwArgs{}
	if t.KeyFramesOnly {
		how["skip_frame"] = "nokey"
	}
	in := download(t.From, how).Video().
		Filter("setpts", ff.Args{"PTS-" + seconds(t.Start) + "/TB"}).
		Filter("fps", nil, ff.KwArgs{"fps": fmt.Sprintf("1/%d", t.Seconds), "start_time": 0,
			"round": "up"}).
		Filter("scale", ff.Args{fmt.Sprintf("%d:%d", t.Width, t.Height)}, ff.KwArgs{"flags": "area"})
	return args("pipe:1", 0, ff.KwArgs{
		"an": "", "f": "rawvideo", "pix_fmt": "rgb24", "c:v": "rawvideo", "fps_mode": "passthrough",
		"enc_time_base": "1:1000",
	}, in)
}

// Still says which picture is wanted of a download.
type Still struct {
	From          string
	Ticks         int64 // on the timeline, 1/90000 s
	Width, Height int
}

// Args decodes one picture as RGB to stdout.
func (s Still) Args() []string {
	in := download(s.From, ff.KwArgs{"ss": seconds(s.Ticks)}).Video().
		Filter("scale", ff.Args{fmt.Sprintf("%d:%d", s.Width, s.Height)})
	return args("pipe:1", 0, ff.KwArgs{
		"an": "", "frames:v": 1, "f": "rawvideo", "pix_fmt": "rgb24", "c:v": "rawvideo",
	}, in)
}
