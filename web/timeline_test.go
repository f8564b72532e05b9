package web_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/capture"
	"backrow/storage"
	"backrow/storage/ledger"
	"backrow/web"
)

func (idle) Timeline(context.Context, storage.ID) (capture.Timeline, error) {
	return capture.Timeline{}, errIdle()
}

// Timeline tells of a camera with a gap that may still be filled, and of a screen.
func (played) Timeline(context.Context, storage.ID) (capture.Timeline, error) {
	return capture.Timeline{
		Recording: storage.Recording{State: storage.StateRecording, DurationMS: 60_000, TaughtMS: 61_000,
			CoveredMS: 52_000},
		Main: ledger.Camera,
		Sources: []capture.SourceTimeline{
			{Source: ledger.Camera, Spans: ledger.Spans{
				{Timeline: 0, Media: 0, Length: 180003},
				{Timeline: 810000, Media: 180003, Length: 4500000},
			}, Expected: ledger.Stretches{{Begin: 270000, End: 810000}}},
			{Source: ledger.Screen, Spans: ledger.Spans{{Timeline: 900000, Media: 0, Length: 90000}}},
		},
	}, nil
}

func TestTimelineSaysWhereTheGapsAre(t *testing.T) {
	l := newLesson(t, "Fractions")
	got := l.as("owner").get(l.path("/timeline"))
	var have web.Timeline
	check(t, json.Unmarshal([]byte(got.body), &have))
	camera := []web.Span{
		{TimelineMS: 0, MediaMS: 0, LengthMS: 180003. / 90},
		{TimelineMS: 9000, MediaMS: 180003. / 90, LengthMS: 50_000},
	}
	expected := []web.Stretch{{TimelineMS: 3000, LengthMS: 6000}}
	want := web.Timeline{State: storage.StateRecording, DurationMS: 60_000, TaughtMS: 61_000,
		CoveredMS: 52_000, Spans: camera, Expected: expected, Main: "camera", Sources: []web.SourceTimeline{
			{Source: "camera", Spans: camera, Expected: expected},
			{Source: "screen", Spans: []web.Span{{TimelineMS: 10_000, LengthMS: 1000}}, Expected: []web.Stretch{}},
		}}
	if diff := cmp.Diff(want, have); got.StatusCode != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", got.StatusCode, diff)
	}
}
