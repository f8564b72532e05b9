package web_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"backrow/capture/playlist"
	"backrow/storage"
	"backrow/web"
)

func (idle) Spans(context.Context, storage.ID) ([]playlist.Span, error) { return nil, errIdle() }

func (played) Spans(context.Context, storage.ID) ([]playlist.Span, error) {
	return []playlist.Span{
		{Timeline: 0, Media: 0, Length: 180003},
		{Timeline: 810000, Media: 180003, Length: 4500000},
	}, nil
}

func TestTimelineSaysWhereTheGapsAre(t *testing.T) {
	l := newLesson(t, "Fractions")
	got := l.as("owner").get(l.path("/timeline"))
	var have web.Timeline
	check(t, json.Unmarshal([]byte(got.body), &have))
	want := web.Timeline{State: storage.StateRecording, DurationMS: 60_000, Spans: []web.Span{
		{TimelineMS: 0, MediaMS: 0, LengthMS: 180003. / 90},
		{TimelineMS: 9000, MediaMS: 180003. / 90, LengthMS: 50_000},
	}}
	if diff := cmp.Diff(want, have); got.StatusCode != 200 || diff != "" {
		t.Errorf("%d (-want +got):\n%s", got.StatusCode, diff)
	}
}
