package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"backrow/capture"
	"backrow/capture/cmaf"
	"backrow/capture/depacket"
	"backrow/storage"
	"backrow/web"
)

// blob adds a second take to a lesson, whose one segment lies within a blob.
func (l *lesson) blob(init, before, segment, after []byte, length storage.Ticks) (path string) {
	l.t.Helper()
	ctx, catalogue := l.t.Context(), storage.NewCatalogue(l.db)
	take := storage.NewID()
	_, _, err := catalogue.BeginLocalTake(ctx, storage.Take{ID: take, RecordingID: l.lesson,
		Route: storage.RouteLocal, Source: "camera", Direct: true, StartedAt: storage.Now(), MediaType: "video/mp4"})
	check(l.t, err)
	sha := l.put("blob-init", init)
	check(l.t, catalogue.AddInit(ctx, storage.Init{TakeID: take, Number: 1, Codecs: "opus",
		ObjectKey: "blob-init", Bytes: int64(len(init)), SHA256: sha}))
	l.put("blob", bytes.Join([][]byte{before, segment, after}, nil))
	sum := sha256.Sum256(segment)
	check(l.t, catalogue.AddSegment(ctx, storage.Segment{TakeID: take, Number: 1, InitNumber: 1,
		Start: 0, Length: length, ObjectKey: "blob", ObjectFrom: int64(len(before)),
		Bytes: int64(len(segment)), SHA256: hex.EncodeToString(sum[:])}))
	return l.path("/takes/" + string(take) + "/1.m4s")
}

func TestSegmentWithinABlob(t *testing.T) {
	l := newLesson(t, "Fractions")
	path := l.blob([]byte("init"), []byte("before "), []byte("0123456789"), []byte(" after"), 90000)
	b := l.as("owner")
	for value, want := range map[string]string{"": "0123456789", "bytes=2-4": "234", "bytes=-3": "789", "bytes=8-99": "89"} {
		b.header = http.Header{}
		if value != "" {
			b.header.Set("Range", value)
		}
		if got := b.get(path); got.body != want {
			t.Errorf("%q: %d %q, want %q", value, got.StatusCode, got.body, want)
		}
	}
}

func TestSegmentUntil(t *testing.T) {
	tracks := cmaf.Tracks{Audio: depacket.Format{Codec: depacket.Opus, Channels: 2}}
	init, err := cmaf.Init(tracks)
	check(t, err)
	var sound cmaf.Run
	for i := range 100 {
		sound.Samples = append(sound.Samples, cmaf.Sample{Duration: 960, Key: true, Data: []byte{byte(i)}})
	}
	segment, err := cmaf.Segment(1, cmaf.Run{}, sound)
	check(t, err)
	l := newLesson(t, "Fractions")
	path := l.blob(init, []byte("before "), segment, []byte(" after"), 180000)
	b := l.as("owner")

	got := b.get(path + "?until=90000")
	file, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), got.body...)))
	check(t, err)
	samples, err := file.Segments[0].Fragments[0].GetFullSamples(file.Init.Moov.Mvex.Trexs[0])
	if err != nil || len(samples) != 50 || samples[49].Data[0] != 49 {
		t.Errorf("%d: %d samples: %v", got.StatusCode, len(samples), err)
	}
	if tag := got.Header.Get("ETag"); tag == "" || tag == b.get(path).Header.Get("ETag") ||
		tag == b.get(path+"?until=91800").Header.Get("ETag") {
		t.Errorf("its tag %s is another's", tag)
	}
	b.header = http.Header{"Range": {"bytes=0-7"}}
	if part := b.get(path + "?until=90000"); part.StatusCode != 206 || part.body != got.body[:8] {
		t.Errorf("a part of it: %d %q", part.StatusCode, part.body)
	}
	b.header = http.Header{}
	for query, want := range map[string]int{"?until=180000": 200, "?until=999999999": 200, "?until=": 200,
		"?until=0": 422, "?until=-1": 422, "?until=x": 422, "?until=99999999999999999999": 422} {
		if got := b.get(path + query); got.StatusCode != want || want == 200 && got.body != string(segment) {
			t.Errorf("%s: %d of %d bytes", query, got.StatusCode, len(got.body))
		}
	}
	// What cannot be read is shown whole.
	if got := b.get(l.takePath("1.m4s?until=90000")); got.StatusCode != 200 || got.body != "0123456789" {
		t.Errorf("no media: %d %q", got.StatusCode, got.body)
	}
}

// viewed notes which playlist was asked for.
type viewed struct {
	played
	last capture.View
}

func (v *viewed) Playlist(_ context.Context, _ storage.ID, view capture.View) (string, error) {
	v.last = view
	return "#EXTM3U\n", nil
}

func TestPlaylistQuery(t *testing.T) {
	v := &viewed{}
	st := newSite(t, func(o *web.Options) { o.Capture = v })
	path := fmt.Sprintf("/api/recordings/%s/playlist.m3u8", st.recording("Fractions"))
	for query, want := range map[string]capture.View{
		"": {}, "?source=camera": {Source: "camera"}, "?source=screen&follow=1": {Source: "screen", Follow: true},
		"?follow=0": {}, "?source=": {}, "?other=1": {},
	} {
		if got := st.as("owner").get(path + query); got.StatusCode != 200 || v.last != want {
			t.Errorf("%s: %d, %+v", query, got.StatusCode, v.last)
		}
	}
	if got := st.as("owner").get(path + "?source=%2e%2e"); got.StatusCode != 422 {
		t.Errorf("a source that is none: %d", got.StatusCode)
	}
}
