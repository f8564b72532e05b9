package backup_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/capture/backup"
)

// recorded reads what Chromium 156 recorded: 1280×720 and sound for six seconds, a timeslice of one
// second, key frames every two.
func recorded(t testing.TB, name string) (blobs [][]byte) {
	t.Helper()
	for n := 1; ; n++ {
		data, err := os.ReadFile(filepath.Join("testdata", name, fmt.Sprintf("%d.mp4", n)))
		if os.IsNotExist(err) && n > 1 {
			return blobs
		}
		if err != nil {
			t.Fatal(err)
		}
		blobs = append(blobs, data)
	}
}

func other(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "other", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestChromium(t *testing.T) {
	for _, c := range []struct {
		name, codecs  string
		width, height int
		tracks        []backup.Track
		seconds       int64 // at least
	}{
		{"h264", "avc1.640c20,opus", 1280, 720, []backup.Track{{Number: 1, Kind: "video", Codec: "h264", Timescale: 30000},
			{Number: 2, Kind: "audio", Codec: "opus", Timescale: 48000}}, 5},
		{"vp9", "vp09.00.31.08,opus", 1280, 720, []backup.Track{{Number: 1, Kind: "video", Codec: "vp9", Timescale: 30000},
			{Number: 2, Kind: "audio", Codec: "opus", Timescale: 48000}}, 5},
		{"sound", "opus", 0, 0, []backup.Track{{Number: 1, Kind: "audio", Codec: "opus", Timescale: 48000}}, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			blobs := recorded(t, c.name)
			first := backup.Read(blobs[0])
			if first.Why != "" || first.Init == nil || len(first.Fragments) > 0 {
				t.Fatalf("the first blob: %+v", first)
			}
			i := first.Init
			if i.Codecs != c.codecs || i.Width != c.width || i.Height != c.height || !slices.Equal(i.Tracks, c.tracks) ||
				!bytes.Equal(i.Data, blobs[0]) {
				t.Errorf("the init segment: %q %d×%d %+v", i.Codecs, i.Width, i.Height, i.Tracks)
			}
			ends := map[uint32]int64{}
			for n, data := range blobs[1:] {
				b := backup.Read(data)
				if b.Why != "" || b.Init != nil || len(b.Fragments) == 0 {
					t.Fatalf("blob %d: %+v", n+2, b)
				}
				at := int64(0)
				for _, f := range b.Fragments {
					if f.From != at {
						t.Errorf("blob %d: a fragment at %d, want %d", n+2, f.From, at)
					}
					at += f.Bytes
					check(t, i, data, f, ends)
				}
				if at != int64(len(data)) {
					t.Errorf("blob %d has %d bytes, and its fragments %d", n+2, len(data), at)
				}
			}
			for number, end := range ends {
				for _, track := range i.Tracks {
					if track.Number == number && end < c.seconds*int64(track.Timescale) {
						t.Errorf("track %d ends at %d", number, end)
					}
				}
			}
		})
	}
}

// check holds a fragment to what another library reads of it.
func check(t *testing.T, i *backup.Init, data []byte, f backup.Fragment, ends map[uint32]int64) {
	t.Helper()
	media := data[f.From : f.From+f.Bytes]
	file, err := mp4.DecodeFile(bytes.NewReader(slices.Concat(i.Data, media)))
	if err != nil {
		t.Fatal(err)
	}
	fragment := file.Segments[0].Fragments[0]
	if len(fragment.Moof.Trafs) != len(f.Runs) {
		t.Fatalf("%d tracks, want %d", len(f.Runs), len(fragment.Moof.Trafs))
	}
	for k, traf := range fragment.Moof.Trafs {
		run := f.Runs[k]
		var length int64
		for _, s := range traf.Trun.Samples {
			length += int64(s.Dur)
		}
		if start := int64(traf.Tfdt.BaseMediaDecodeTime()); run.Track != traf.Tfhd.TrackID || run.Start != start ||
			run.End != start+length || !run.Key {
			t.Errorf("run %+v, want track %d from %d to %d", run, traf.Tfhd.TrackID, start, start+length)
		}
		// Sound goes on where it ended. Of the last picture Chromium guesses how long it is shown.
		allowed := int64(2)
		if number := run.Track; number < uint32(len(i.Tracks)) {
			allowed = 1000
		}
		if end := ends[run.Track]; run.Start < end-30 || run.Start-end > allowed {
			t.Errorf("track %d goes on at %d, and ended at %d", run.Track, run.Start, end)
		}
		ends[run.Track] = run.End
	}
}

// A traf without samples says that it is at 0. Players must not see it.
func TestEmptyTraf(t *testing.T) {
	init, whole := backup.Read(recorded(t, "h264")[0]), recorded(t, "h264")[1]
	f := backup.Read(bytes.Clone(whole)).Fragments[0]
	data := bytes.Clone(whole[:f.Bytes])
	// Take the samples of the second track away: its trun says that there are none.
	at := bytes.LastIndex(data[:2000], []byte("trun"))
	binary.BigEndian.PutUint32(data[at+8:], 0)
	b := backup.Read(data)
	if b.Why != "" || len(b.Fragments) != 1 || len(b.Fragments[0].Runs) != 1 || bytes.Count(data, []byte("traf")) != 1 {
		t.Fatalf("%+v", b)
	}
	check(t, init.Init, data, b.Fragments[0], map[uint32]int64{})
	// And nothing at all is left out.
	at = bytes.Index(data[:2000], []byte("trun"))
	binary.BigEndian.PutUint32(data[at+8:], 0)
	if b := backup.Read(data); b.Why != "" || len(b.Fragments) != 0 {
		t.Errorf("a fragment of nothing: %+v", b)
	}
}

// Chromium takes a packet that it does not know the length of for one of 21 ms, and players take the
// hole behind it for a break.
func TestLastPacketIsMended(t *testing.T) {
	lasts := func(data []byte) (all []uint32) {
		file, err := mp4.DecodeFile(bytes.NewReader(slices.Concat(recorded(t, "h264")[0], data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range file.Segments[0].Fragments {
			samples := f.Moof.Trafs[1].Trun.Samples
			all = append(all, samples[len(samples)-1].Dur)
		}
		return all
	}
	sent := recorded(t, "h264")[1]
	mended := bytes.Clone(sent)
	backup.Read(mended)
	for i, last := range lasts(sent) {
		if got := lasts(mended)[i]; last != 1008 || got != 2880 {
			t.Errorf("fragment %d: the last packet had %d and has %d", i+1, last, got)
		}
	}
	if differ := slices.Collect(func(yield func(int) bool) {
		for i := range sent {
			if sent[i] != mended[i] && !yield(i) {
				return
			}
		}
	}); len(differ) > 2*len(lasts(sent)) {
		t.Errorf("%d bytes were changed", len(differ))
	}
	again := bytes.Clone(mended)
	if backup.Read(again); !bytes.Equal(again, mended) {
		t.Error("what has been mended is changed again")
	}
	spoilt := append(bytes.Clone(sent), "and so on"...)
	if b := backup.Read(spoilt); b.Why == "" || !bytes.HasPrefix(spoilt, sent) {
		t.Errorf("what is not shown as it is was changed: %q", b.Why)
	}
}

// A picture that is too early is put off, in whichever form its times are written, and nothing else
// changes.
func TestLead(t *testing.T) {
	const leadMS, ticks = 29, 870 // at 30000 a second
	for _, name := range []string{"h264", "vp9"} {
		blobs := recorded(t, name)
		lead := backup.Lead{MS: leadMS, Tracks: backup.Read(blobs[0]).Init.Tracks}
		for n, sent := range blobs[1:] {
			plain, late := bytes.Clone(sent), bytes.Clone(sent)
			before, after := backup.Read(plain), lead.Read(late)
			if after.Why != "" || len(after.Fragments) != len(before.Fragments) {
				t.Fatalf("%s, blob %d: %+v", name, n+2, after)
			}
			for i, f := range after.Fragments {
				for k, run := range before.Fragments[i].Runs {
					if run.Track == 1 {
						run.Start, run.End = run.Start+ticks, run.End+ticks
					}
					if f.Runs[k] != run {
						t.Errorf("%s, blob %d: %+v, want %+v", name, n+2, f.Runs[k], run)
					}
				}
			}
			// And so it is written.
			if again := backup.Read(bytes.Clone(late)); !reflect.DeepEqual(again, after) {
				t.Errorf("%s, blob %d: %+v is written, and %+v said", name, n+2, again, after)
			}
			for at := 0; ; at += 20 {
				found := bytes.Index(plain[at:], []byte("tfdt"))
				if found < 0 {
					break
				}
				at += found
				copy(plain[at+8:at+16], late[at+8:at+16])
			}
			if !bytes.Equal(plain, late) {
				t.Errorf("%s, blob %d: more than its times differs", name, n+2)
			}
		}
	}
	h264, sound := recorded(t, "h264"), recorded(t, "sound")
	tracks := backup.Read(h264[0]).Init.Tracks
	for name, c := range map[string]struct {
		lead backup.Lead
		data []byte
	}{
		"no lead":        {backup.Lead{Tracks: tracks}, h264[1]},
		"unknown tracks": {backup.Lead{MS: leadMS}, h264[1]},
		"picture alone":  {backup.Lead{MS: leadMS, Tracks: tracks[:1]}, h264[1]},
		"sound alone":    {backup.Lead{MS: leadMS, Tracks: backup.Read(sound[0]).Init.Tracks}, sound[1]},
	} {
		want, got := bytes.Clone(c.data), bytes.Clone(c.data)
		if said := c.lead.Read(got); !reflect.DeepEqual(said, backup.Read(want)) || !bytes.Equal(want, got) {
			t.Errorf("%s: it is changed", name)
		}
	}
	whole := slices.Concat(h264[0], h264[1])
	if b := (backup.Lead{MS: leadMS}).Read(whole); b.Why != "" || b.Fragments[0].Runs[0].Start != ticks {
		t.Errorf("with its init segment in the same blob: %+v", b)
	}
	// A time of 4 bytes, and the ends of both kinds.
	at := bytes.Index(h264[1], []byte("tfdt")) + 4
	written := func(version byte, time uint64) []byte {
		data := bytes.Clone(h264[1])
		data[at] = version
		if version == 1 {
			binary.BigEndian.PutUint64(data[at+4:], time)
		} else {
			binary.BigEndian.PutUint32(data[at+4:], uint32(time))
		}
		return data
	}
	lead := backup.Lead{MS: leadMS, Tracks: tracks}
	run := backup.Read(bytes.Clone(h264[1])).Fragments[0].Runs[0]
	short := written(0, 1<<32-1-ticks)
	if b := lead.Read(short); b.Why != "" || b.Fragments[0].Runs[0].Start != 1<<32-1 ||
		binary.BigEndian.Uint32(short[at+4:]) != 1<<32-1 || binary.BigEndian.Uint32(short[at+8:]) != 0 {
		t.Errorf("a time of 4 bytes: %s %+v, %x", b.Why, b.Fragments, short[at:at+12])
	}
	for name, data := range map[string][]byte{"4 bytes": written(0, 1<<32-ticks), "8 bytes": written(1, uint64(1<<56-run.End+run.Start))} {
		before := bytes.Clone(data)
		if b := lead.Read(data); !strings.Contains(b.Why, "time cannot be right") || !bytes.Equal(data, before) {
			t.Errorf("beyond %s: %q", name, b.Why)
		}
	}
}

// With a timeslice of some milliseconds ftyp is a blob of its own.
func TestSplitInit(t *testing.T) {
	if b := backup.Read(other(t, "ftyp.mp4")); b.Why != "" || b.Init != nil || b.Fragments != nil {
		t.Errorf("ftyp alone: %+v", b)
	}
	b := backup.Read(other(t, "moov.mp4"))
	if b.Why != "" || b.Init == nil || b.Init.Codecs != "avc1.640c20,opus" {
		t.Fatalf("moov alone: %+v", b)
	}
	file, err := mp4.DecodeFile(bytes.NewReader(b.Init.Data))
	if err != nil || file.Init == nil || file.Init.Ftyp == nil {
		t.Errorf("with a type of our own: %v", err)
	}
}

func TestNotDirect(t *testing.T) {
	h264, sound := recorded(t, "h264"), recorded(t, "sound")
	change := func(data []byte, old, new string) []byte {
		if !bytes.Contains(data, []byte(old)) {
			t.Fatalf("there is no %q", old)
		}
		return bytes.Replace(data, []byte(old), []byte(new), 1)
	}
	edited := func() []byte { // an edit list in front of the first track's mdia
		data := bytes.Clone(h264[0])
		list := "\x00\x00\x00\x24edts\x00\x00\x00\x1celst\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04\x00\x00\x01\x00\x00"
		at := bytes.Index(data, []byte("mdia")) - 4
		data = slices.Insert(data, at, []byte(list)...)
		for _, kind := range []string{"moov", "trak"} {
			size := data[bytes.Index(data, []byte(kind))-4:]
			binary.BigEndian.PutUint32(size, binary.BigEndian.Uint32(size)+uint32(len(list)))
		}
		return data
	}()
	for _, c := range []struct {
		name string
		data []byte
		why  string
	}{
		{"WebM", other(t, "vp8.webm"), "WebM"},
		{"AV1", other(t, "av1.mp4"), "do not play av01"},
		{"in-band parameter sets", change(h264[0], "avc1\x00", "avc3\x00"), "do not play avc3"},
		{"encrypted", change(h264[0], "avc1\x00", "encv\x00"), "do not play encv"},
		{"High 4:2:2", change(h264[0], "avcC\x01\x64", "avcC\x01\x7a"), "profile of H.264"},
		{"a fragment that goes on in the next blob", h264[1][:len(h264[1])-1], "reaches beyond"},
		{"the rest of it", h264[1][len(h264[1])-30:], "reaches beyond"},
		{"moof alone", h264[1][:binary.BigEndian.Uint32(h264[1])], "reaches beyond"},
		{"media alone", h264[1][binary.BigEndian.Uint32(h264[1]):], "outside of fragments"},
		{"no fragmented file", change(sound[0], "mvex", "free"), "not fragmented"},
		{"two init segments", slices.Concat(sound[0], sound[0]), "in the middle"},
		{"an init segment behind media", slices.Concat(sound[1], sound[0]), "in the middle"},
		{"edits", edited, "edited"},
		{"text", []byte("It was a dark and stormy night."), "MP4"},
		{"a subtitle track", change(h264[0], "soun", "text"), "neither picture nor sound"},
		{"two tracks of sound", change(h264[0], "vide", "soun"), "players do not play"},
		{"offsets into a file", change(h264[1], "tfhd\x00\x02\x00\x20", "tfhd\x00\x00\x00\x21"), "not where"},
		{"no time", change(h264[1], "tfdt", "free"), "when it is"},
		{"encrypted samples", change(h264[1], "tfdt", "senc"), "encrypted"},
		{"unbounded samples", change(h264[1], "trun\x01\x00\x03\x05\x00\x00", "trun\x01\x00\x03\x05\xff\xff"), "too many samples"},
	} {
		b := backup.Read(c.data)
		if !strings.Contains(b.Why, c.why) || b.Why == "" || b.Init != nil || b.Fragments != nil {
			t.Errorf("%s: %q %v", c.name, b.Why, b.Fragments)
		}
	}
}

// A fragment whose picture does not begin with a key frame is told of.
func TestNoKey(t *testing.T) {
	data := recorded(t, "h264")[1]
	at := bytes.Index(data, []byte("trun"))
	binary.BigEndian.PutUint32(data[at+16:], 0x1010000) // first_sample_flags
	b := backup.Read(data)
	if b.Why != "" || b.Fragments[0].Runs[0].Key || !b.Fragments[0].Runs[1].Key {
		t.Errorf("%+v", b.Fragments[0].Runs)
	}
}

func TestEmptyBlob(t *testing.T) {
	if b := backup.Read(nil); b.Why != "" || b.Init != nil || b.Fragments != nil {
		t.Errorf("%+v", b)
	}
}

func TestCheckType(t *testing.T) {
	for text, want := range map[string][2]bool{
		"video/mp4;codecs=avc1.640020,opus":    {true, true},
		`video/mp4; codecs="avc1.640020,opus"`: {true, true},
		"VIDEO/MP4":                            {true, true},
		"audio/mp4;codecs=opus":                {true, true},
		"video/webm;codecs=vp8,opus":           {true, false},
		"video/x-matroska;codecs=avc1":         {true, false},
		"video/quicktime":                      {true, false},
		"text/html":                            {},
		"application/mp4":                      {false, true},
		"image/png":                            {},
		"":                                     {},
		"video":                                {},
		"video/mp4\r\nX-Injected: 1":           {},
		"video/mp4;codecs=\x00":                {true, true},
		strings.Repeat("video/mp4;", 1000) + "...": {true, true},
	} {
		if known, direct := backup.CheckType(text); known != want[0] || direct != want[1] {
			t.Errorf("%.40q: %t, %t", text, known, direct)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"h264", "vp9", "sound"} {
		for _, data := range recorded(f, name) {
			f.Add(data[:min(len(data), 8000)])
			f.Add(data)
		}
	}
	for _, name := range []string{"vp8.webm", "av1.mp4", "ftyp.mp4", "moov.mp4"} {
		f.Add(other(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := backup.Read(bytes.Clone(data))
		if b.Why != "" && (b.Init != nil || b.Fragments != nil) {
			t.Error("something is to be shown that cannot be")
		}
		if b.Init != nil && (b.Init.Codecs == "" || len(b.Init.Tracks) == 0 || len(b.Init.Data) > len(data)+24) {
			t.Errorf("init segment %+v", b.Init)
		}
		at := int64(0)
		for _, f := range b.Fragments {
			if f.From < at || f.Bytes < 16 || f.From+f.Bytes > int64(len(data)) || len(f.Runs) == 0 {
				t.Errorf("fragment of %d bytes at %d", f.Bytes, f.From)
			}
			at = f.From + f.Bytes
		}
		late := backup.Lead{MS: 200, Tracks: []backup.Track{{Number: 1, Kind: "video", Timescale: math.MaxUint32},
			{Number: 2, Kind: "audio", Timescale: 1}}}.Read(data)
		if b.Why != "" && late.Why == "" || late.Why == "" && len(late.Fragments) != len(b.Fragments) {
			t.Errorf("put off it is %q with %d fragments", late.Why, len(late.Fragments))
		}
	})
}
