// Package capture makes recordings: it receives lessons by WebRTC (WHIP, package whip), repairs
// what the network loses (jitter), puts packets together to frames (depacket), cuts them into
// segments of about two seconds (segmenter) in fragmented MP4 (cmaf), and keeps each in a spool on
// the disk until object store and catalogue have it (spool). What is in the catalogue it lists as
// an HLS playlist (playlist).
//
// It promises that every frame that arrived is stored, whatever the store and the database do in
// the meantime; that nothing is acknowledged before it is durable; and that one stream's trouble
// is no other stream's. Who may record is decided above it, in web.
package capture

import (
	"context"
	"log/slog"
	"time"

	"github.com/pion/transport/v4"
	"github.com/prometheus/client_golang/prometheus"

	"backrow/storage"
	"backrow/storage/ledger"
	"backrow/storage/objects"
)

// Jobs is told of what there is to do, in the transaction that makes it so: that is where the work
// is queued.
type Jobs interface {
	// RecordingReady: a recording has been stopped, and all that was received is stored.
	RecordingReady(ctx context.Context, tx *storage.Tx, r storage.Recording) error
	// RecordingSettled: no more is expected of it, and it has got more since it was ready.
	RecordingSettled(ctx context.Context, tx *storage.Tx, r storage.Recording) error
	// TakeArrived: all of a local take is there, and it cannot be shown as it was recorded.
	TakeArrived(ctx context.Context, tx *storage.Tx, t storage.Take) error
}

// Options configure a Server. The zero values of the limits stand for the defaults named.
type Options struct {
	Catalogue *storage.Catalogue
	Objects   objects.Store
	Jobs      Jobs                  // nil: none
	Log       *slog.Logger          // nil: slog.Default()
	Metrics   prometheus.Registerer // nil: no metrics

	Spool      string // the folder for segments on their way to the store; made when absent
	SpoolBytes int64  // what the spool may hold; 4 GiB: about four hours of one stream

	UDPPort      int      // one port for all media; 0: any that is free (tests)
	TCPPort      int      // ICE-TCP, for networks without UDP; 0: any that is free; -1: none
	ListenIPs    []string // the addresses to listen on; none: every interface's
	AdvertiseIPs []string // what to tell browsers instead, behind a 1:1 NAT
	Loopback     bool     // listen on 127.0.0.1 too: for a browser on the same machine

	NodeURL string // where this node is reached directly, when there are several; empty: it is not

	MaxStreams    int           // takes at once; 100
	Hold          time.Duration // how long a lost packet is waited for; 2 s
	SegmentLength time.Duration // 2 s
	Idle          time.Duration // after this long without a take an open recording is finished; 15 min
	KeepLive      time.Duration // of a settled recording, live takes beside complete local ones; 24 h; negative: for ever

	BlobBytes   int64         // the largest blob of a local take; 8 MiB
	BlobUploads int           // blobs of one recording that may come in at once; 8
	BlobMemory  int64         // what all blobs that come in at once may hold; 64 MiB
	BlobTimeout time.Duration // for store and database to take a blob that has come; 30 s

	// Net is the network; nil is the machine's own. Tests give a virtual one (pion vnet).
	Net transport.Net
	// Wall is the wall clock, by which things are dated; nil is the machine's. Nothing is decided by
	// it but whether another node's lease is over, and not that alone. Tests give one that jumps.
	Wall func() time.Time

	terms terms // zero: the usual ones
}

// Saved is what is durable of a recording.
type Saved struct {
	UntilMS  int64  // on the timeline: everything before it is stored, but for breaks shorter than 0.5 s
	Reached  int64  // in ms: how far on the timeline anything is stored
	LiveTake bool   // a take is being received, by whichever node
	Pending  int    // segments received and not yet stored
	Problem  string // a sentence for the person when something is in the way; otherwise empty
	Settled  bool   // it has been stopped, and no better take is expected
	Covered  int64  // in ms: how much of the timeline is stored
	TaughtMS int64  // how long the lesson was by the page's clock; -1: it has not said
}

// View says which playlist of a recording is asked for.
type View struct {
	Source string // camera, screen; empty: the camera, or the screen where there is none
	// Follow asks for the list that grew while it was recorded, whatever has become of it since: who
	// follows a lesson is not shown other segments under the same numbers when it ends.
	Follow bool
}

// Timeline says where what the playlists of a recording list lies on its timeline.
type Timeline struct {
	Recording storage.Recording
	Main      string // the source that is shown when none is asked for
	Sources   []SourceTimeline
}

// SourceTimeline is one source of a Timeline.
type SourceTimeline struct {
	Source   string // camera, screen
	Spans    ledger.Spans
	Expected ledger.Stretches // the gaps that may still be filled
}
