package web

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"regexp"
	"strconv"
	"time"

	"backrow/review/report"
	"backrow/storage"
)

// The bounds of what is read to cut stills.
const (
	maxSheetBytes = 16 << 20
	maxSheetSide  = 8192
	maxIndexBytes = 1 << 20
	mostStills    = 300 // in one report
	stillQuality  = 82
)

// addStills gives marks the still of the moment at which each begins, cut from the recording's
// storyboard. A report without stills is a report: what is missing is left out, and logged.
func (s *Server) addStills(ctx context.Context, recording storage.ID, marks []report.Mark) {
	if len(marks) == 0 {
		return
	}
	sheet, err := s.storyboard(ctx, recording)
	if err != nil {
		if storage.KindOf(err) != storage.NotFound {
			s.options.Log.WarnContext(ctx, "a report has no stills",
				"recording", string(recording), "error", err)
		}
		return
	}
	cut := map[image.Rectangle][]byte{}
	for i := range marks {
		tile, ok := sheet.at(marks[i].Start)
		if !ok {
			continue
		}
		still, done := cut[tile]
		if !done {
			if len(cut) == mostStills {
				continue
			}
			still = sheet.cut(tile)
			cut[tile] = still
		}
		marks[i].Still = still
	}
}

// storyboard is a sheet of stills, and where on it each moment is.
type storyboard struct {
	sheet image.Image
	tiles []tile
}

type tile struct {
	from  time.Duration
	place image.Rectangle
}

func (s *Server) storyboard(ctx context.Context, recording storage.ID) (*storyboard, error) {
	index, err := s.readRendition(ctx, recording, storage.RenditionStoryboardIndex, maxIndexBytes)
	if err != nil {
		return nil, err
	}
	raw, err := s.readRendition(ctx, recording, storage.RenditionStoryboard, maxSheetBytes)
	if err != nil {
		return nil, err
	}
	size, err := jpeg.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if size.Width > maxSheetSide || size.Height > maxSheetSide {
		return nil, storage.Errorf(storage.TooLarge, "A storyboard of %d × %d was not read.",
			size.Width, size.Height)
	}
	sheet, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return &storyboard{sheet: sheet, tiles: tilesOf(string(index))}, nil
}

func (s *Server) readRendition(ctx context.Context, recording storage.ID, kind storage.RenditionKind,
	limit int64,
) ([]byte, error) {
	found, err := s.options.Catalogue.Rendition(ctx, recording, kind)
	if err != nil {
		return nil, err
	}
	return s.readObject(ctx, found.ObjectKey, limit)
}

var storyboardCue = regexp.MustCompile(
	`(?:(\d{1,4}):)?(\d{2}):(\d{2})\.(\d{3}) --> [^\n]*\n[^\n]*#xywh=(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})`)

// tilesOf reads the WebVTT index of a storyboard: cues in order of time, each with a place.
func tilesOf(vtt string) []tile {
	var tiles []tile
	for _, match := range storyboardCue.FindAllStringSubmatch(vtt, -1) {
		var n [8]int
		for i := range n {
			n[i], _ = strconv.Atoi(match[i+1]) //nolint:errcheck // digits, or none for 0
		}
		tiles = append(tiles, tile{
			from:  milliseconds(int64(((n[0]*60+n[1])*60+n[2])*1000 + n[3])),
			place: image.Rect(n[4], n[5], n[4]+n[6], n[5]+n[7]),
		})
	}
	return tiles
}

// at is the place of the still that shows a moment.
func (b *storyboard) at(moment time.Duration) (image.Rectangle, bool) {
	var place image.Rectangle
	for _, t := range b.tiles {
		if t.from > moment {
			break
		}
		place = t.place
	}
	return place, !place.Empty() && place.In(b.sheet.Bounds())
}

func (b *storyboard) cut(place image.Rectangle) []byte {
	still := image.NewRGBA(image.Rect(0, 0, place.Dx(), place.Dy()))
	draw.Draw(still, still.Bounds(), b.sheet, place.Min, draw.Src)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, still, &jpeg.Options{Quality: stillQuality}); err != nil {
		return nil
	}
	return out.Bytes()
}
