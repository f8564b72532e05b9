// Package transcode makes of a recording what people take away or find their way by: the MP4 to
// download, the poster, the storyboard and the waveform. Each recording is one job in River,
// queued in the transaction that settles the recording (RecordingReady) and worked on by the
// pools of any number of nodes; SQLite and PostgreSQL run the same workers.
//
// Work may stop at any moment and be begun again by anyone: a job writes nothing but objects
// under fresh keys until one transaction notes all renditions at once. A pool that is stopped
// ends its ffmpeg, hands the job back and cleans up; the job of a node that died is taken over
// when its sign of life, processing.updated_at, is a minute old. A recording plays whether or
// not its job ever succeeds.
//
// Everything is laid out on the recording's timeline, in Ticks: gaps between takes stay gaps, so
// that a moment marked in the player is the same moment of the download. How ffmpeg is run is
// the matter of the package ffmpeg; what is in the media, that of stills and waveform.
package transcode

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"backrow/storage"
	"backrow/storage/objects"
)

// Options are what a Pool is made of.
type Options struct {
	DB        *storage.DB
	Catalogue *storage.Catalogue
	Objects   objects.Store
	Log       *slog.Logger          // nil: slog.Default()
	Metrics   prometheus.Registerer // nil: not registered
	FFmpeg    string                // path or name of ffmpeg; "": "ffmpeg" on the PATH
	FFprobe   string                // path or name of ffprobe; "": "ffprobe" on the PATH
	Workers   int                   // jobs at a time; 0: one; negative: queue only, work on none
	Scratch   string                // a folder of this process alone; emptied at start
	Limits    Limits

	// TakeMade is called when a take's segments have been made of what a browser recorded, after
	// the transaction that notes them; perhaps more than once. nil: nobody is told.
	TakeMade func(ctx context.Context, recording storage.ID)
}

// Limits bound what one job may take. A zero field stands for its default.
type Limits struct {
	JobTime     time.Duration                   // of one attempt; 12 h
	OutputBytes int64                           // of one file that ffmpeg writes; 32 GiB
	MemoryBytes int64                           // address space of one ffmpeg; 4 GiB
	Attempts    int                             // before a job has failed; 4
	RetryAfter  func(attempt int) time.Duration // 10 s, then six times longer each time
	Drain       time.Duration                   // from SIGTERM to SIGKILL; 5 s
	TakeOver    time.Duration                   // age of the sign of life of a dead node's job; 1 min
	Settle      time.Duration                   // that a recording of which more is expected waits; 2 min
}

// States of the work on a recording.
const (
	StateNone    = "none" // never queued: the recording has not been stopped
	StateQueued  = "queued"
	StateRunning = "running"
	StateDone    = "done"
	StateFailed  = "failed"
)

// Progress says how far the work on a recording has come.
type Progress struct {
	State       string `db:"state" json:"state"`
	Step        string `db:"step" json:"step"` // what is being done, for a person; "" unless running
	Percent     int    `db:"percent" json:"percent"`
	LeftSeconds int    `db:"left_seconds" json:"left_seconds"` // -1: not known yet
	Reason      string `db:"reason" json:"reason"`             // why it failed, a sentence for a person
}

const readProgress = `SELECT state, step, percent, left_seconds, reason FROM processing
WHERE recording_id = ?`

// Progress reads how far the work on a recording has come.
func (p *Pool) Progress(ctx context.Context, recording storage.ID) (Progress, error) {
	var now Progress
	err := p.db.Get(ctx, &now, readProgress, recording)
	if storage.KindOf(err) == storage.NotFound {
		return Progress{State: StateNone, LeftSeconds: -1}, nil
	}
	return now, err
}
