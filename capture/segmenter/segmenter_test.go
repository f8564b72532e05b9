package segmenter_test

import (
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"backrow/capture/depacket"
	"backrow/capture/segmenter"
	"backrow/storage"
)

var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// lesson is a synthetic take: what a camera and a microphone send, with clocks of their own.
type lesson struct {
	length      time.Duration
	camera      time.Duration // when each begins
	microphone  time.Duration
	ppm         int64 // by which the microphone's clock is fast
	keyEvery    time.Duration
	reportAfter time.Duration // 0: no sender reports
	travel      time.Duration // of pictures, beyond that of sound
	rotate      time.Duration // when the picture's format changes; 0: never
	cut         [2]time.Duration
	noVideo     bool
	noAudio     bool
}

const (
	videoBase = 5_000_000_000 // where the clocks begin: far from 0, and not together
	audioBase = 7_000_000_000
	step      = 10 * time.Millisecond
)

// Opus packets of 20 ms with their number inside: TOC of fullband CELT, then eight bytes.
func packet(n int64) []byte { return binary.BigEndian.AppendUint64([]byte{31<<3 | 4}, uint64(n)) }

func ntp(at time.Duration) uint64 {
	at += 1000 * time.Hour
	return uint64(at/time.Second)<<32 | uint64(at%time.Second)<<32/uint64(time.Second)
}

func (l lesson) videoTime(at time.Duration) int64 { return videoBase + int64(at)*9/100_000 }
func (l lesson) audioTime(at time.Duration) int64 {
	ticks := int64(at) * 48 / 1_000_000
	return audioBase + ticks + ticks*l.ppm/1_000_000
}

// play sends the lesson and returns what came out. Pictures come every 40 ms, packets of sound
// when the microphone's clock has counted 960 samples.
func (l lesson) play() []segmenter.Segment {
	s := segmenter.New(segmenter.Options{Video: !l.noVideo, Audio: !l.noAudio, Length: 2 * time.Second})
	var out []segmenter.Segment
	var frame, sound int64
	for at := time.Duration(0); at <= l.length; at += step {
		away := at >= l.cut[0] && at < l.cut[1]
		if !l.noAudio {
			for l.microphone+time.Duration(sound)*20*time.Millisecond*1_000_000/time.Duration(1_000_000+l.ppm) <= at {
				if !away {
					s.Audio(depacket.Frame{Time: l.audioTime(l.microphone) + sound*960, Key: true,
						Format: depacket.Format{Codec: depacket.Opus, Channels: 2}, Data: packet(sound),
						Arrived: zero.Add(at)})
				}
				sound++
			}
		}
		if !l.noVideo && at >= l.camera && (at-l.camera)%(40*time.Millisecond) == 0 {
			since := at - l.camera
			format := depacket.Format{Codec: depacket.VP9, Width: 1280, Height: 720}
			if l.rotate > 0 && at >= l.rotate {
				format.Width, format.Height = 720, 1280
			}
			key := since%l.keyEvery == 0 || l.cut[1] > 0 && at >= l.cut[1] && at < l.cut[1]+40*time.Millisecond
			if !away {
				s.Video(depacket.Frame{Time: l.videoTime(at), Key: key, Format: format,
					Data: binary.BigEndian.AppendUint64(nil, uint64(frame)), Arrived: zero.Add(at + l.travel)})
			}
			frame++
		}
		if l.reportAfter > 0 && at >= l.reportAfter && (at-l.reportAfter)%time.Second == 0 {
			s.VideoReport(ntp(at), l.videoTime(at))
			s.AudioReport(ntp(at), l.audioTime(at))
		}
		out = append(out, s.Done(zero.Add(at))...)
	}
	return append(out, s.Flush()...)
}

// check holds what must be true of every take's segments, and returns the numbers of the pictures
// and sounds in them.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, segments []segmenter.Segment) (pictures, sounds map[int64]int64) {
	t.Helper()
	pictures, sounds = map[int64]int64{}, map[int64]int64{}
	var end storage.Ticks
	lastPicture, lastSound, soundEnd := int64(-1), int64(-1), int64(-1)
	for i, s := range segments {
		if s.Length <= 0 || s.Start < end || i > 0 && s.Start > end && s.Start-end < 90000 {
			t.Fatalf("segment %d is at %d for %d, after %d", i, s.Start, s.Length, end)
		}
		if s.Start > end {
			soundEnd = -1
		}
		end = s.Start + s.Length
		at := s.Video.Start
		for _, sample := range s.Video.Samples {
			n := int64(binary.BigEndian.Uint64(sample.Data))
			if n <= lastPicture {
				t.Fatalf("segment %d: picture %d after %d", i, n, lastPicture)
			}
			pictures[n], lastPicture = at, n
			at += int64(sample.Duration)
		}
		if len(s.Video.Samples) > 0 && (at != int64(end) || s.Video.Start < int64(s.Start)) {
			t.Fatalf("segment %d: pictures from %d to %d in a segment from %d to %d", i, s.Video.Start, at, s.Start, end)
		}
		if at = s.Audio.Start; len(s.Audio.Samples) > 0 && soundEnd >= 0 && at != soundEnd {
			t.Fatalf("segment %d: sound begins at %d, but ended at %d", i, at, soundEnd)
		}
		for _, sample := range s.Audio.Samples {
			if len(sample.Data) == 9 {
				n := int64(binary.BigEndian.Uint64(sample.Data[1:]))
				if n <= lastSound {
					t.Fatalf("segment %d: sound %d after %d", i, n, lastSound)
				}
				sounds[n], lastSound = at, n
			}
			at += int64(sample.Duration)
		}
		if len(s.Audio.Samples) > 0 {
			soundEnd = at
		}
	}
	return pictures, sounds
}

// offsets returns by how much sound is late against pictures, at worst, in milliseconds.
func (l lesson) offset(pictures, sounds map[int64]int64) (worst float64) {
	first := float64(l.camera.Milliseconds()) - float64(pictures[0])/90
	for n, at := range sounds {
		when := float64(l.microphone.Milliseconds()) + float64(n)*20*1e6/float64(1_000_000+l.ppm)
		if off := float64(at)/48 + first - when; max(off, -off) > max(worst, -worst) {
			worst = off
		}
	}
	return worst
}

func TestLessons(t *testing.T) {
	usual := lesson{length: 20 * time.Second, camera: 100 * time.Millisecond, keyEvery: 2 * time.Second,
		reportAfter: 2500 * time.Millisecond}
	with := func(change func(*lesson)) lesson { l := usual; change(&l); return l }
	tests := []struct {
		name     string
		lesson   lesson
		worst    float64 // ms
		segments int
	}{
		{"usual", usual, 3, 10},
		{"shorter than the first report", with(func(l *lesson) { l.length = time.Second }), 3, 1},
		{"sound first", with(func(l *lesson) { l.camera = 900 * time.Millisecond }), 3, 10},
		{"pictures first", with(func(l *lesson) { l.microphone = 1500 * time.Millisecond; l.camera = 0 }), 3, 11},
		{"pictures travel longer", with(func(l *lesson) { l.travel = 200 * time.Millisecond }), 3, 10},
		{"no reports", with(func(l *lesson) { l.reportAfter = 0 }), 21, 10},
		{"clocks part", with(func(l *lesson) { l.ppm = 200; l.length = 10 * time.Minute }), 6, 300},
		{"clocks part the other way", with(func(l *lesson) { l.ppm = -200; l.length = 10 * time.Minute }), 6, 300},
		{"camera comes late", with(func(l *lesson) { l.camera = 9 * time.Second }), 25, 11},
		{"microphone comes late", with(func(l *lesson) { l.microphone = 9 * time.Second; l.camera = 0 }), 25, 11},
		{"key frames too often", with(func(l *lesson) { l.keyEvery = 400 * time.Millisecond }), 3, 13},
		{"key frames too seldom", with(func(l *lesson) { l.keyEvery = 18 * time.Second }), 3, 3},
		{"turned round", with(func(l *lesson) { l.rotate = 10100 * time.Millisecond }), 3, 10},
		{"network away", with(func(l *lesson) { l.cut = [2]time.Duration{7 * time.Second, 14 * time.Second} }), 3, 7},
		{"sound alone", with(func(l *lesson) { l.noVideo = true }), 0, 11},
		{"pictures alone", with(func(l *lesson) { l.noAudio = true }), 0, 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := test.lesson
			segments := l.play()
			pictures, sounds := check(t, segments)
			if len(segments) != test.segments {
				t.Errorf("%d segments, want %d", len(segments), test.segments)
			}
			if segments[0].Start != 0 {
				t.Errorf("the take begins at %d, want 0", segments[0].Start)
			}
			lost := l.cut[1] - l.cut[0]
			if want := int64((l.length-l.camera-lost)/(40*time.Millisecond)) + 1; !l.noVideo && int64(len(pictures)) < want {
				t.Errorf("%d pictures, want %d", len(pictures), want)
			}
			if want := int64((l.length-l.microphone-lost)/(20*time.Millisecond)) - 10; !l.noAudio && int64(len(sounds)) < want {
				t.Errorf("%d packets of sound, want %d", len(sounds), want)
			}
			if !l.noVideo && !l.noAudio {
				if worst := l.offset(pictures, sounds); worst > test.worst || worst < -test.worst {
					t.Errorf("sound is off by %.1f ms, want at most %.1f", worst, test.worst)
				}
			}
		})
	}
}

// TestHandshakeHoldsUp has everything of the first three seconds come at once, pictures before
// sound, as after a handshake that was repeated: sound is in its place all the same.
func TestHandshakeHoldsUp(t *testing.T) {
	for _, reports := range []bool{true, false} {
		s := segmenter.New(segmenter.Options{Video: true, Audio: true, Length: 2 * time.Second})
		l := lesson{}
		var out []segmenter.Segment
		const held = 3 * time.Second
		video := func(n int64, arrived time.Duration) {
			at := time.Duration(n) * 40 * time.Millisecond
			s.Video(depacket.Frame{Time: l.videoTime(at), Key: n%50 == 0, Arrived: zero.Add(arrived),
				Format: depacket.Format{Codec: depacket.VP9, Width: 64, Height: 64},
				Data:   binary.BigEndian.AppendUint64(nil, uint64(n))})
		}
		audio := func(n int64, arrived time.Duration) {
			at := time.Duration(n) * 20 * time.Millisecond
			s.Audio(depacket.Frame{Time: l.audioTime(at), Key: true, Data: packet(n), Arrived: zero.Add(arrived),
				Format: depacket.Format{Codec: depacket.Opus, Channels: 2}})
		}
		if reports {
			s.VideoReport(ntp(time.Second), l.videoTime(time.Second))
			s.AudioReport(ntp(time.Second), l.audioTime(time.Second))
		}
		for n := int64(0); n*40 < held.Milliseconds(); n++ {
			video(n, held)
		}
		for n := int64(0); n*20 < held.Milliseconds(); n++ {
			audio(n, held+time.Millisecond)
		}
		for at := held; at <= 12*time.Second; at += 20 * time.Millisecond {
			if at%(40*time.Millisecond) == 0 {
				video(int64(at/(40*time.Millisecond)), at)
			}
			audio(int64(at/(20*time.Millisecond)), at)
			out = append(out, s.Done(zero.Add(at))...)
		}
		pictures, sounds := check(t, append(out, s.Flush()...))
		if worst := l.offset(pictures, sounds); worst > 25 || worst < -25 {
			t.Errorf("with reports %v: sound is off by %.1f ms", reports, worst)
		}
		if len(pictures) != 301 || len(sounds) != 601 {
			t.Errorf("%d pictures and %d sounds", len(pictures), len(sounds))
		}
	}
}

// TestAwaited has what was lost of one track repaired much later than that of the other: nothing is
// cut without it as long as it may come, and it comes to lie in its place.
func TestAwaited(t *testing.T) {
	for _, late := range []string{"pictures", "sound"} {
		s := segmenter.New(segmenter.Options{Video: true, Audio: true, Length: 2 * time.Second})
		l := lesson{}
		var out []segmenter.Segment
		var held []func()
		s.VideoReport(ntp(0), l.videoTime(0))
		s.AudioReport(ntp(0), l.audioTime(0))
		for at := time.Duration(0); at <= 16*time.Second; at += 20 * time.Millisecond {
			arrived := zero.Add(at)
			picture := func() {
				s.Video(depacket.Frame{Time: l.videoTime(at), Key: at%(2*time.Second) == 0, Arrived: arrived,
					Format: depacket.Format{Codec: depacket.VP9, Width: 64, Height: 64},
					Data:   binary.BigEndian.AppendUint64(nil, uint64(at/(40*time.Millisecond)))})
			}
			sound := func() {
				s.Audio(depacket.Frame{Time: l.audioTime(at), Key: true, Arrived: arrived,
					Format: depacket.Format{Codec: depacket.Opus, Channels: 2},
					Data:   packet(int64(at / (20 * time.Millisecond)))})
			}
			if at%(40*time.Millisecond) != 0 {
				picture = func() {}
			}
			waits := at >= 5*time.Second && at < 11*time.Second
			switch {
			case waits && late == "pictures":
				held = append(held, picture)
				sound()
			case waits:
				held = append(held, sound)
				picture()
			default:
				for _, each := range held {
					each()
				}
				held = nil
				picture()
				sound()
			}
			s.Await(waits && late == "pictures", waits && late == "sound")
			out = append(out, s.Done(arrived)...)
		}
		pictures, sounds := check(t, append(out, s.Flush()...))
		if len(pictures) != 401 || len(sounds) != 801 {
			t.Errorf("%s late: %d pictures and %d sounds", late, len(pictures), len(sounds))
		}
		for n, at := range pictures {
			if at != n*3600 {
				t.Errorf("%s late: picture %d is at %d, want %d", late, n, at, n*3600)
			}
		}
		if worst := l.offset(pictures, sounds); worst > 3 || worst < -3 {
			t.Errorf("%s late: sound is off by %.1f ms", late, worst)
		}
	}
}

func TestSegmentsBeginWithKeyFrames(t *testing.T) {
	l := lesson{length: 30 * time.Second, keyEvery: 2 * time.Second, reportAfter: time.Second}
	for i, s := range l.play() {
		if !s.Video.Samples[0].Key {
			t.Errorf("segment %d begins with a frame that is no key frame", i)
		}
	}
}

// TestLostSoundIsSilence loses packets of sound: what is left keeps its place.
func TestLostSoundIsSilence(t *testing.T) {
	s := segmenter.New(segmenter.Options{Audio: true, Length: 2 * time.Second})
	for n := int64(0); n < 300; n++ {
		if n >= 20 && n < 50 || n == 130 {
			continue
		}
		s.Audio(depacket.Frame{Time: audioBase + n*960, Key: true, Data: packet(n),
			Format:  depacket.Format{Codec: depacket.Opus, Channels: 2},
			Arrived: zero.Add(time.Duration(n) * 20 * time.Millisecond)})
	}
	_, sounds := check(t, s.Flush())
	for n, at := range sounds {
		if at != n*960 {
			t.Errorf("packet %d is at %d, want %d", n, at, n*960)
		}
	}
	if len(sounds) != 269 {
		t.Errorf("%d packets, want 269", len(sounds))
	}
}

// TestAnyLesson holds the rules for lessons of every shape: nothing that went in is missing, and
// sound is in its place.
func TestAnyLesson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := func(name string, from, to int) time.Duration {
			return time.Duration(rapid.IntRange(from/10, to/10).Draw(t, name)) * 10 * time.Millisecond
		}
		l := lesson{length: ms("length", 0, 30000), camera: ms("camera", 0, 2000),
			microphone: ms("microphone", 0, 2000), ppm: int64(rapid.IntRange(-300, 300).Draw(t, "ppm")),
			keyEvery: ms("key every", 40, 6000) / (40 * time.Millisecond) * (40 * time.Millisecond),
			travel:   ms("travel", 0, 300), reportAfter: ms("report after", 500, 3500),
			noVideo: rapid.Bool().Draw(t, "no video")}
		pictures, sounds := check(t, l.play())
		if want := int64((l.length - l.camera) / (40 * time.Millisecond)); !l.noVideo && l.length >= l.camera && int64(len(pictures)) != want+1 {
			t.Fatalf("%d pictures, want %d", len(pictures), want+1)
		}
		if len(sounds) > 0 && sounds[0] > 3*48000 {
			t.Fatalf("sound begins at %d", sounds[0])
		}
		for n := int64(1); n < int64(len(sounds)); n++ {
			if _, ok := sounds[n]; !ok {
				t.Fatalf("packet of sound %d is missing", n)
			}
		}
		if long := l.length > l.reportAfter+time.Second; long && !l.noVideo && len(pictures) > 0 && len(sounds) > 0 {
			if worst := l.offset(pictures, sounds); worst > 8 || worst < -8 {
				t.Fatalf("sound is off by %.1f ms", worst)
			}
		}
	})
}
