package capture

import (
	"context"

	"backrow/capture/playlist"
	"backrow/storage"
	"backrow/storage/ledger"
)

// page is how many segments one query reads: half an hour.
const page = 1000

// listed is the playlist of a recording that is being made, as of so many arrivals.
type listed struct {
	arrivals int64
	source   string
	text     string
}

// Playlist is the HLS media playlist of what is stored of a recording: until it is ready the one
// that grows at its end, then the best cover. Before the first segment is stored it is NotFound.
func (s *Server) Playlist(ctx context.Context, recording storage.ID, view View) (string, error) {
	r, err := s.options.Catalogue.Recording(ctx, recording)
	if err != nil {
		return "", err
	}
	growing := r.State != storage.StateReady
	if have := s.lists.get(recording); growing && have.arrivals == r.Arrivals &&
		have.source == view.Source && have.text != "" {
		return have.text, nil
	}
	takes, err := ledger.Read(ctx, s.options.Catalogue, recording)
	if err != nil {
		return "", err
	}
	source := view.Source
	if source == "" {
		source = ledger.Main(takes)
	}
	cover, kind := ledger.Cover(nil), playlist.VOD
	if growing || view.Follow {
		cover = ledger.Growing(takes, source)
	} else {
		cover = ledger.Best(takes, source)
	}
	if growing {
		kind = playlist.Event
	}
	text := playlist.Write(kind, cover)
	if text == "" {
		return "", storage.Errorf(storage.NotFound, "Nothing of this recording is stored yet.")
	}
	if growing {
		s.lists.put(recording, listed{arrivals: r.Arrivals, source: view.Source, text: text})
	} else {
		s.lists.forget(recording)
	}
	return text, nil
}

// Timeline says where what the playlists of a recording list lies on its timeline, and which of the
// gaps may still be filled.
func (s *Server) Timeline(ctx context.Context, recording storage.ID) (Timeline, error) {
	r, err := s.options.Catalogue.Recording(ctx, recording)
	if err != nil {
		return Timeline{}, err
	}
	takes, err := ledger.Read(ctx, s.options.Catalogue, recording)
	if err != nil {
		return Timeline{}, err
	}
	out := Timeline{Recording: r, Main: ledger.Main(takes)}
	end := storage.Ticks(max(r.DurationMS, r.TaughtMS)) * (storage.TicksPerSecond / 1000)
	for _, source := range []string{ledger.Camera, ledger.Screen} {
		cover := ledger.Best(takes, source)
		if r.State != storage.StateReady {
			cover = ledger.Growing(takes, source)
		}
		one := SourceTimeline{Source: source, Spans: cover.Spans(),
			Expected: ledger.Expected(takes, source, end)}
		if len(one.Spans) > 0 || len(one.Expected) > 0 {
			out.Sources = append(out.Sources, one)
		}
	}
	return out, nil
}
