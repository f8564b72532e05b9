package storage

import (
	"context"
	"strings"
)

// maxWith bounds the recordings that WithRendition is asked about at once: a page of a list.
const maxWith = 200

// WithRendition says which of some recordings, 200 at most, have a rendition of that kind.
func (c *Catalogue) WithRendition(ctx context.Context, kind RenditionKind, recordings []ID,
) (map[ID]bool, error) {
	if len(recordings) == 0 {
		return nil, nil
	}
	if len(recordings) > maxWith {
		return nil, Errorf(TooLarge, "At most %d recordings can be asked about at once.", maxWith)
	}
	args := []any{kind}
	for _, id := range recordings {
		args = append(args, id)
	}
	var found []ID
	if err := c.db.Select(ctx, &found, `SELECT recording_id FROM renditions WHERE kind = ? AND
recording_id IN (?`+strings.Repeat(", ?", len(recordings)-1)+`)`, args...); err != nil {
		return nil, err
	}
	have := make(map[ID]bool, len(found))
	for _, id := range found {
		have[id] = true
	}
	return have, nil
}
