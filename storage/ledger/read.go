package ledger

import (
	"context"

	"backrow/storage"
)

// page is how many segments one query reads: half an hour.
const page = 1000

// Read reads all takes of a recording with all their segments.
func Read(ctx context.Context, c *storage.Catalogue, recording storage.ID) ([]Take, error) {
	rows, err := c.Takes(ctx, recording)
	if err != nil {
		return nil, err
	}
	takes := make([]Take, len(rows))
	at := make(map[storage.ID]*Take, len(rows))
	for i, row := range rows {
		takes[i].Take = row
		at[row.ID] = &takes[i]
	}
	var after storage.Segment
	for {
		segments, err := c.SegmentsOf(ctx, recording, after.TakeID, after.Number, page)
		if err != nil {
			return nil, err
		}
		for _, s := range segments {
			if t := at[s.TakeID]; t != nil { // otherwise it was begun since
				t.Segments = append(t.Segments, s)
			}
		}
		if len(segments) < page {
			return takes, nil
		}
		after = segments[len(segments)-1]
	}
}
