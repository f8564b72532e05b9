package storage

import "context"

const (
	// assembleAtOnce bounds what is read of a take's blobs at a time.
	assembleAtOnce = 100
	// bridge is how far apart two fragments may be and still follow one upon the other: a recorder
	// does not know how long the last frame of a fragment is shown when it writes it, and guesses.
	bridge = TicksPerSecond
)

// assembly is the work of making segments of a take's contiguous blobs, in one transaction.
type assembly struct {
	tx   *Tx
	out  *Added
	last Segment         // the newest one of the take; Number 0: there is none
	init int64           // the number of the newest init segment; 0: there is none
	have map[int64]Track // by number
}

// assemble takes up the blobs behind those of which the media is in segments, as far as none is
// missing, and notes in out how far that is.
func assemble(ctx context.Context, tx *Tx, out *Added) error {
	a := &assembly{tx: tx, out: out, have: map[int64]Track{}}
	if out.Take.Direct && out.Take.MadeBlobs > 0 {
		if err := a.read(ctx); err != nil {
			return err
		}
	}
	for t := &out.Take; ; {
		var blobs []Blob
		if err := tx.Select(ctx, &blobs, listBlobs, t.ID, t.MadeBlobs, assembleAtOnce); err != nil {
			return err
		}
		for _, b := range blobs {
			if b.Number != t.MadeBlobs+1 {
				return nil
			}
			if err := a.add(ctx, b); err != nil {
				return err
			}
			t.MadeBlobs++
		}
		if len(blobs) < assembleAtOnce {
			return nil
		}
	}
}

// read takes up where the last assembly left off.
func (a *assembly) read(ctx context.Context) error {
	take := a.out.Take.ID
	var tracks []Track
	if err := a.tx.Select(ctx, &tracks, `SELECT * FROM tracks WHERE take_id = ? LIMIT 16`, take); err != nil {
		return err
	}
	for _, t := range tracks {
		a.have[t.Number] = t
	}
	if err := a.tx.Get(ctx, &a.init, `SELECT COALESCE(MAX(number), 0) FROM inits WHERE take_id = ?`,
		take); err != nil {
		return err
	}
	err := a.tx.Get(ctx, &a.last, `SELECT * FROM segments WHERE take_id = ? ORDER BY number DESC LIMIT 1`,
		take)
	if KindOf(err) == NotFound {
		return nil
	}
	return err
}

// add makes segments of one blob. From the first blob on that cannot be shown as it is, the take is
// one that must be transcoded; what has been made of it until then is shown until that is done.
func (a *assembly) add(ctx context.Context, b Blob) error {
	if !a.out.Take.Direct {
		return nil
	}
	why, err := a.place(ctx, b)
	if why != "" {
		a.out.Take.Direct, a.out.Why = false, why
	}
	return err
}

// place makes segments of one blob, or says why that cannot be done.
func (a *assembly) place(ctx context.Context, b Blob) (why string, err error) {
	c := b.Contents.V
	if c.Why != "" {
		return c.Why, nil
	}
	if c.Init != nil {
		if why, err := a.addInit(ctx, b.Number, *c.Init); why != "" || err != nil {
			return why, err
		}
	}
	for _, f := range c.Fragments {
		if a.init == 0 {
			return "there is a fragment before the init segment", nil
		}
		s, why := a.segment(f)
		if why != "" {
			return why, nil
		}
		s.ObjectKey = b.ObjectKey
		if err := a.follow(ctx, s.Start); err != nil {
			return "", err
		}
		if err := addSegment(ctx, a.tx, a.out.Take, s); err != nil {
			return "", err
		}
		a.last = s
		a.out.Made++
	}
	return "", nil
}

// addInit notes an init segment under the number of the blob that it came in.
func (a *assembly) addInit(ctx context.Context, number int64, i BlobInit) (why string, err error) {
	take := a.out.Take.ID
	for _, t := range i.Tracks {
		track := Track{TakeID: take, Number: t.Number, Kind: t.Kind, Codec: t.Codec, Timescale: t.Timescale}
		if have, ok := a.have[t.Number]; ok && have == track {
			continue
		}
		if a.init > 0 {
			return "its tracks change in the middle", nil
		}
		a.have[t.Number] = track
		if _, err := a.tx.Exec(ctx, insertTrack, take, t.Number, t.Kind, t.Codec, t.Timescale); err != nil {
			return "", err
		}
	}
	a.init = number
	_, err = a.tx.Exec(ctx, insertInit, take, number, i.Codecs, i.Width, i.Height, i.ObjectKey, i.Bytes,
		i.SHA256, Now())
	return "", err
}

// segment is a fragment on the take's own time, or why it is none.
func (a *assembly) segment(f Fragment) (s Segment, why string) {
	s = Segment{TakeID: a.out.Take.ID, Number: a.last.Number + 1, InitNumber: a.init,
		ObjectFrom: f.From, Bytes: f.Bytes, SHA256: f.SHA256}
	var end Ticks
	sound := maxTicks        // where the earliest begins
	var pictures, begun bool // whether the take has any; whether the segment begins with one
	for _, t := range a.have {
		pictures = pictures || t.Kind == "video"
	}
	for _, run := range f.Runs {
		t, ok := a.have[run.Track]
		if !ok {
			return s, "there is a track that the init segment does not name"
		}
		from, to := ticksOf(run.Start, t.Timescale), ticksOf(run.End, t.Timescale)
		if from < 0 || to <= from || to > maxTicks {
			return s, "its times cannot be right"
		}
		end = max(end, to)
		if t.Kind != "video" {
			sound = min(sound, from)
		}
		switch {
		case t.Kind == "video" && !run.Key:
			return s, "a fragment does not begin with a key frame"
		case t.Kind == "video", !pictures && !begun, !pictures && from < s.Start:
			s.Start, begun = from, true
		}
	}
	switch {
	case !begun:
		return s, "there is a fragment without a picture"
	case end <= s.Start:
		return s, "its times cannot be right"
	case a.last.Number > 0 && s.Start <= a.last.Start:
		return s, "its times run backwards"
	}
	if a.last.Number == 0 && a.out.Take.LeadMS > 0 && s.Start.Milliseconds() <= MaxLeadMS {
		s.Start = min(s.Start, sound) // its picture has been put off: that leaves no hole before it
	}
	s.Length = end - s.Start
	return s, ""
}

// follow has the newest segment end where the next one begins, if that is not far away: sound may
// reach into the next segment, and the last frame is shown until the next.
func (a *assembly) follow(ctx context.Context, start Ticks) error {
	if a.last.Number == 0 || start > a.last.Start+a.last.Length+bridge || start == a.last.Start+a.last.Length {
		return nil
	}
	a.last.Length = start - a.last.Start
	_, err := a.tx.Exec(ctx, `UPDATE segments SET ticks = ? WHERE take_id = ? AND number = ?`,
		a.last.Length, a.last.TakeID, a.last.Number)
	return err
}

// maxTicks is the end of the longest timeline.
const maxTicks = Ticks(MaxTimeline/1e9) * TicksPerSecond

// ticksOf is a track's time on the take's own clock. What is beyond all bounds stays beyond them.
func ticksOf(t, timescale int64) Ticks {
	seconds := t / timescale
	if seconds > int64(maxTicks) {
		return maxTicks + 1
	}
	return Ticks(seconds*TicksPerSecond + t%timescale*TicksPerSecond/timescale)
}
