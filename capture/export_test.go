package capture

import (
	"time"

	"github.com/pion/rtcp"

	"backrow/capture/cmaf"
	"backrow/capture/depacket"
	"backrow/capture/jitter"
	"backrow/capture/segmenter"
	"backrow/storage"
)

// Negotiate is negotiate for tests: the codecs that are chosen.
func Negotiate(offer string) (video, audio string, err error) {
	a, err := negotiate(offer)
	return string(a.video), string(a.audio), err
}

// Hasten makes leases and retries of a server some 15 times shorter than people have patience for.
func (o *Options) Hasten() {
	o.terms = terms{lease: 2 * time.Second, renew: 600 * time.Millisecond, grace: 4 * time.Second,
		look: 100 * time.Millisecond, attempt: time.Second, retry: time.Second, memory: 16 << 20}
}

// Cramp bounds what a take may have in memory, in bytes.
func (o *Options) Cramp(memory int) { o.terms.memory = memory }

// Feed gives the server n segments of size bytes of a take, as if they had been received, and
// returns when they are in the spool.
func (s *Server) Feed(recording, take storage.ID, n, size int) {
	k := newKeeper(s, recording, take, s.options.Log)
	format := depacket.Format{Codec: depacket.VP9, Width: 64, Height: 64, BitDepth: 8, Chroma: 1}
	for i := range n {
		const length = 2 * storage.TicksPerSecond
		at := storage.Ticks(i * length)
		segment := segmenter.Segment{Start: at, Length: length, Tracks: cmaf.Tracks{Video: format},
			Video: cmaf.Run{Start: int64(at), Samples: []cmaf.Sample{
				{Duration: length, Key: true, Data: make([]byte, size)}}}}
		for k.waiting.Load() > 0 {
			time.Sleep(time.Millisecond)
		}
		k.keep(segment)
	}
	k.close()
}

// Node is the name of a server's node.
func (s *Server) Node() storage.ID { return s.node }

// Serving lists the takes that are being received.
func (s *Server) Serving() []storage.ID { return s.serving(false) }

// SetICETimeouts sets after how long without a sign a connection is disconnected, and failed.
func (s *Server) SetICETimeouts(disconnected, failed, keepAlive time.Duration) {
	s.settings.SetICETimeouts(disconnected, failed, keepAlive)
}

// Candidates counts the candidates of a fragment.
func Candidates(fragment string) int { return len(candidates(fragment)) }

// Report gives reports to a take of two streams.
func Report(packets []rtcp.Packet) {
	t := &take{segmenter: segmenter.New(segmenter.Options{Video: true, Audio: true})}
	for i := range t.streams {
		t.streams[i] = &stream{ssrc: uint32(i), buffer: jitter.New(jitter.Options{})}
		t.reported(t.streams[i], packets)
	}
	t.segmenter.Zero()
}
