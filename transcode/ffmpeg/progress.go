package ffmpeg

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
)

// Progress is one report of a running ffmpeg.
type Progress struct {
	Frames int64         // video frames written
	Time   time.Duration // of the output written
	Bytes  int64         // written; 0 when not told
}

// read passes on the reports, blocks of key=value lines that end with progress=…, until r ends.
func read(r io.Reader, each func(Progress)) {
	var now Progress
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		number, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		switch {
		case key == "progress" && each != nil:
			each(now)
		case err != nil: // N/A
		case key == "frame":
			now.Frames = number
		case key == "out_time_us":
			now.Time = time.Duration(number) * time.Microsecond
		case key == "total_size":
			now.Bytes = number
		}
	}
	io.Copy(io.Discard, r) //nolint:errcheck // a line too long must not stop ffmpeg
}
