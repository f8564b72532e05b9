package cmaf

import (
	"fmt"
	"strings"

	"backrow/capture/depacket"
)

// Codecs is the value of HLS's CODECS attribute (RFC 6381), video first.
func (t Tracks) Codecs() string {
	var names []string
	switch t.Video.Codec {
	case depacket.H264:
		// avc1.PPCCLL: the three bytes after the SPS's NAL header (RFC 6381, section 3.3).
		names = append(names, fmt.Sprintf("avc1.%02x%02x%02x",
			t.Video.SPS[1], t.Video.SPS[2], t.Video.SPS[3]))
	case depacket.VP9:
		names = append(names, fmt.Sprintf("vp09.%02d.%02d.%02d",
			t.Video.Profile, vp9Level(t.Video.Width, t.Video.Height), t.Video.BitDepth))
	case depacket.VP8:
		names = append(names, "vp08.00.10.08")
	}
	if t.HasAudio() {
		names = append(names, "opus")
	}
	return strings.Join(names, ",")
}

// vp9Level is the lowest VP9 level whose picture size holds a picture, at 30 frames a second.
func vp9Level(width, height int) int {
	levels := []struct{ pixels, level int }{
		{36864, 10}, {73728, 11}, {122880, 20}, {245760, 21}, {552960, 30}, {983040, 31},
		{2228224, 40}, {8912896, 50},
	}
	for _, l := range levels {
		if width*height <= l.pixels {
			return l.level
		}
	}
	return 60
}
