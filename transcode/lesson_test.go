package transcode_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	_ "image/jpeg"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/transcode"
)

// probe is what ffprobe says of a file.
type probe struct {
	Streams []struct {
		CodecType string `json:"codec_type"`
		CodecName string `json:"codec_name"`
		Width     int    `json:"width"`
		Height    int    `json:"height"`
		Frames    string `json:"nb_read_frames"`
		Start     string `json:"start_time"`
	} `json:"streams"`
	Format struct {
		Duration string `json:"duration"`
	} `json:"format"`
}

func ask(t *testing.T, path string) (p probe) {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", path)
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p probe) frames(t *testing.T) int {
	t.Helper()
	for _, s := range p.Streams {
		if s.CodecType == "video" {
			n, _ := strconv.Atoi(s.Frames)
			return n
		}
	}
	t.Fatal("no video")
	return 0
}

func seconds(t *testing.T, text string) float64 {
	t.Helper()
	s, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (p probe) lasts(t *testing.T, want float64) {
	t.Helper()
	if got := seconds(t, p.Format.Duration); math.Abs(got-want) > 0.1 {
		t.Errorf("download lasts %.3f s, want %.3f", got, want)
	}
}

type outline struct {
	Version        int   `json:"version"`
	DurationMS     int64 `json:"duration_ms"`
	PeaksPerSecond int   `json:"peaks_per_second"`
	Peaks          []int `json:"peaks"`
}

func (k *kit) outline(r storage.Recording) (o outline) {
	k.t.Helper()
	_, text := k.rendition(r, storage.RenditionWaveform)
	if err := json.Unmarshal(text, &o); err != nil {
		k.t.Fatal(err)
	}
	return o
}

// beeps are the seconds at which a waveform begins to be loud.
func (o outline) beeps() (at []float64) {
	for i, peak := range o.Peaks {
		if peak > 100 && (i == 0 || o.Peaks[i-1] <= 100) {
			at = append(at, float64(i)/float64(o.PeaksPerSecond))
		}
	}
	return at
}

func near(got, want []float64, within float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > within {
			return false
		}
	}
	return true
}

// flashes are the times of the first white frames, and onsets those at which sound begins.
func flashes(t *testing.T, path string) (at []float64) {
	t.Helper()
	times := strings.Fields(string(tool(t, "ffprobe", "-v", "error", "-select_streams", "v",
		"-show_entries", "frame=pts_time", "-of", "csv=p=0", path)))
	luma := tool(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-vf",
		"crop=iw/4:ih/4,scale=1:1:flags=area,format=gray", "-fps_mode", "passthrough", "-enc_time_base", "1:90000",
		"-f", "rawvideo", "-")
	if len(times) != len(luma) {
		t.Fatalf("%d times, %d frames", len(times), len(luma))
	}
	for i, l := range luma {
		if l > 230 && (i == 0 || luma[i-1] <= 230) {
			at = append(at, seconds(t, strings.Trim(times[i], ",")))
		}
	}
	return at
}

func onsets(t *testing.T, path string) (at []float64) {
	t.Helper()
	pcm := tool(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-af", "aresample=async=1:first_pts=0",
		"-ac", "1", "-ar", "48000", "-f", "s16le", "-")
	quiet := 48000
	for i := 0; i+1 < len(pcm); i += 2 {
		sample := int16(uint16(pcm[i]) | uint16(pcm[i+1])<<8)
		if sample > 2000 || sample < -2000 {
			if quiet > 4800 {
				at = append(at, float64(i/2)/48000)
			}
			quiet = 0
		} else {
			quiet++
		}
	}
	return at
}

func TestLesson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		for _, codec := range []string{"libx264", "libvpx-vp9"} {
			t.Run(codec, func(t *testing.T) {
				k := newKit(t, db)
				p := k.pool()
				r := k.recording()
				k.take(r, 0, clip{video: codec, audio: true, width: 320, height: 180, seconds: 7, uneven: true}.make(t))
				k.settle(p, r)
				seen := k.until(p, r, transcode.StateDone)
				for i := 1; i < len(seen); i++ {
					if seen[i].Percent < seen[i-1].Percent {
						t.Errorf("progress went back: %+v", seen)
					}
				}
				last := transcode.Progress{State: transcode.StateDone, Percent: 100}
				if len(seen) < 3 || seen[len(seen)-1] != last {
					t.Errorf("progress did not move: %+v", seen)
				}
				k.wholeLesson(r)
			})
		}
	})
}

// wholeLesson holds the renditions of seven seconds, 140 uneven frames of 320×180, to what they
// must be.
func (k *kit) wholeLesson(r storage.Recording) {
	t := k.t
	path, data := k.rendition(r, storage.RenditionMP4)
	got := ask(t, path)
	got.lasts(t, 7)
	if n := got.frames(t); n != 140 {
		t.Errorf("%d frames in the download, want 140", n)
	}
	if v, a := got.Streams[0], got.Streams[1]; v.CodecName != "h264" || a.CodecName != "aac" || v.Width != 320 {
		t.Errorf("streams %+v", got.Streams)
	}
	if moov, mdat := bytes.Index(data, []byte("moov")), bytes.Index(data, []byte("mdat")); moov > mdat {
		t.Error("the index does not come first")
	}
	every := []float64{0, 1, 2, 3, 4, 5, 6}
	if at := flashes(t, path); !near(at, every, 0.005) {
		t.Errorf("flashes at %.3f", at)
	}
	if at := onsets(t, path); !near(at, every, 0.02) {
		t.Errorf("beeps at %.3f", at)
	}
	o := k.outline(r)
	if o.Version != 1 || o.PeaksPerSecond != 20 || !near(o.beeps(), every, 0.051) {
		t.Errorf("waveform beeps at %.2f: %+v", o.beeps(), o)
	}

	_, sheet := k.rendition(r, storage.RenditionStoryboard)
	_, index := k.rendition(r, storage.RenditionStoryboardIndex)
	picture, _, err := image.Decode(bytes.NewReader(sheet))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 7*320, 180) {
		t.Errorf("storyboard: %v %v", picture.Bounds(), err)
	}
	if n := strings.Count(string(index), "storyboard#xywh="); n != 7 {
		t.Errorf("%d tiles in the index, want 7", n)
	}
	_, poster := k.rendition(r, storage.RenditionPoster)
	picture, _, err = image.Decode(bytes.NewReader(poster))
	if err != nil || picture.Bounds() != image.Rect(0, 0, 320, 180) {
		t.Fatalf("poster: %v", err)
	}
	red, _, _, _ := picture.At(2, 2).RGBA()
	green, _, _, _ := picture.At(317, 177).RGBA()
	if red>>8 > 240 && green>>8 > 240 {
		t.Error("the poster is one of the white flashes")
	}
}

func TestTakesOnOneTimeline(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	r := k.recording()
	// 0–4 s H.264 360p; a hole of 2.5 s; 6.5–9.5 s VP9 180p;
	// 9–12 s H.264 of another shape, which cuts off the last half second of the second.
	k.take(r, 0, clip{video: "libx264", audio: true, width: 640, height: 360, seconds: 4}.make(t))
	k.take(r, 6500, clip{video: "libvpx-vp9", audio: true, width: 320, height: 180, seconds: 3}.make(t))
	k.take(r, 9000, clip{video: "libx264", audio: true, width: 240, height: 320, seconds: 3}.make(t))
	k.settle(p, r)
	k.until(p, r, transcode.StateDone)

	path, _ := k.rendition(r, storage.RenditionMP4)
	got := ask(t, path)
	got.lasts(t, 12)
	if n := got.frames(t); n != 120+75+90 {
		t.Errorf("%d frames, want %d", n, 120+75+90)
	}
	if v := got.Streams[0]; v.Width != 640 || v.Height != 360 {
		t.Errorf("the picture is %d×%d, want that of the largest take", v.Width, v.Height)
	}
	want := []float64{0, 1, 2, 3, 6.5, 7.5, 8.5, 9, 10, 11}
	if at := onsets(t, path); !near(at, want, 0.02) {
		t.Errorf("beeps at %.3f, want %v", at, want)
	}
	if at := k.outline(r).beeps(); !near(at, want, 0.051) {
		t.Errorf("waveform beeps at %.2f, want %v", at, want)
	}
	if at := flashes(t, path); !near(at, want, 0.005) {
		t.Errorf("flashes at %.3f, want %v", at, want)
	}
}

func TestReconnectsOfOneConfigurationAreNotEncodedAnew(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	r := k.recording()
	one := clip{video: "libx264", audio: true, width: 320, height: 180, seconds: 3, late: 40}.make(t)
	k.take(r, 0, one)
	k.take(r, 4000, one)
	k.settle(p, r)
	k.until(p, r, transcode.StateDone)
	path, _ := k.rendition(r, storage.RenditionMP4)
	got := ask(t, path)
	got.lasts(t, 47)
	if n := got.frames(t); n != 180 {
		t.Errorf("%d frames, want 180", n)
	}
	want := []float64{40, 41, 42, 44, 45, 46}
	if at := onsets(t, path); !near(at, want, 0.02) {
		t.Errorf("beeps at %.3f, want %v", at, want)
	}
	if at := flashes(t, path); !near(at, want, 0.005) {
		t.Errorf("flashes at %.3f, want %v", at, want)
	}
	source, made := packets(t, clipFile(t, one)), packets(t, path)
	if fmt.Sprint(append(source, source...)) != fmt.Sprint(made) {
		t.Error("the frames of the download are not those that came in")
	}
}

func clipFile(t *testing.T, data []byte) string {
	t.Helper()
	path := t.TempDir() + "/clip.mp4"
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// packets are the hashes of the video frames as they are coded.
func packets(t *testing.T, path string) (hashes []string) {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-select_streams", "v", "-show_packets",
		"-show_data_hash", "md5", "-show_entries", "packet=data_hash", "-of", "csv=p=0", path)
	return strings.Fields(string(out))
}

func TestSoundAlone(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	r := k.recording()
	k.take(r, 500, clip{audio: true, seconds: 4}.make(t))
	k.settle(p, r)
	k.until(p, r, transcode.StateDone)
	path, _ := k.rendition(r, storage.RenditionMP4)
	ask(t, path).lasts(t, 4.5)
	if at := k.outline(r).beeps(); !near(at, []float64{0.5, 1.5, 2.5, 3.5}, 0.051) {
		t.Errorf("beeps at %.2f", at)
	}
	if _, err := k.catalogue.Rendition(context.Background(), r.ID, storage.RenditionPoster); storage.KindOf(err) != storage.NotFound {
		t.Errorf("a poster of sound: %v", err)
	}
}

func TestPictureAlone(t *testing.T) {
	k := newKit(t, dbtest.SQLite(t))
	p := k.pool()
	r := k.recording()
	k.take(r, 0, clip{video: "libx264", width: 180, height: 320, seconds: 3}.make(t))
	k.settle(p, r)
	k.until(p, r, transcode.StateDone)
	path, _ := k.rendition(r, storage.RenditionMP4)
	got := ask(t, path)
	got.lasts(t, 3)
	if n := got.frames(t); n != 90 || len(got.Streams) != 1 {
		t.Errorf("%d frames in %d streams", n, len(got.Streams))
	}
	k.rendition(r, storage.RenditionPoster)
	if _, err := k.catalogue.Rendition(context.Background(), r.ID, storage.RenditionWaveform); storage.KindOf(err) != storage.NotFound {
		t.Errorf("a waveform of silence: %v", err)
	}
}
