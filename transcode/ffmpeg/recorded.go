package ffmpeg

import (
	ff "github.com/u2takey/ffmpeg-go"
)

// Container is the form in which a browser recorded, by ffmpeg's name.
type Container string

// The containers that browsers record in.
const (
	WebM Container = "matroska"
	MP4  Container = "mov"
)

// recordedCodecs are those that browsers record in: some that ours are not made of.
const recordedCodecs = codecs + ",av1,libdav1d,hevc,vorbis,pcm_s16le,pcm_f32le"

// Recorded says how what a browser recorded is made into fragments that play everywhere.
type Recorded struct {
	From, To      string
	Container     Container
	Width, Height int  // of the picture: even; what is of another shape is fitted in. 0: no picture
	Sound         bool // there is some
	Opus          bool // and it is kept as it is: Opus already
	OutputBytes   int64
}

// The longest fragments that ffmpeg makes of its own accord, in µs: without pictures they are cut by
// time, with them at key frames, unless none comes.
const (
	soundFragment   = "2000000"
	longestFragment = "10000000"
)

// Args makes a fragmented MP4 file of H.264 and Opus. Every frame keeps its time in the source, and
// so does every packet of sound, but that nothing begins before 0; a fragment begins with a key
// frame, two seconds after the last one or as soon as there is a frame.
func (r Recorded) Args() []string {
	in := ff.Input(r.From, ff.KwArgs{"f": string(r.Container), "protocol_whitelist": "file",
		"codec_whitelist": recordedCodecs, "copyts": ""})
	how := ff.KwArgs{"f": "mp4", "use_editlist": 0, "avoid_negative_ts": "disabled",
		// The first fragment, too, says when it begins.
		"movflags":      "frag_keyframe+empty_moov+default_base_moof+frag_discont+skip_sidx+skip_trailer",
		"frag_duration": longestFragment, "map_chapters": -1}
	var streams []*ff.Stream
	if r.Width > 0 {
		streams = append(streams, fitted(in.Get("v:0"), r.Width, r.Height))
		for key, value := range (ff.KwArgs{
			"c:v": "libx264", "preset": "veryfast", "crf": 21, "bf": 0, "profile:v": "high",
			"level:v": level(r.Width, r.Height), "fps_mode": "passthrough", "enc_time_base": "1:90000",
			"video_track_timescale": 90000,
			"force_key_frames":      everyTwoSeconds, "g": 100000, "sc_threshold": 0,
		}) {
			how[key] = value
		}
	} else {
		how["frag_duration"] = soundFragment
	}
	if r.Sound {
		sound := in.Get("a:0")
		how["bsf:a"] = "setts=ts=max(TS\\,0)"
		if how["c:a"] = "copy"; !r.Opus {
			how["c:a"], how["b:a"] = "libopus", "96k"
			sound = sound.Filter("aresample", nil, ff.KwArgs{"osr": SampleRate, "async": 960,
				"min_hard_comp": "0.040"})
		}
		streams = append(streams, sound)
	}
	return args(r.To, r.OutputBytes, how, streams...)
}
