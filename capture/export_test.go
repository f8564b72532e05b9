package capture

import (
	"time"

	"backrow/storage"
)

// Negotiate is negotiate for tests: the codecs that are chosen.
func Negotiate(offer string) (video, audio string, err error) {
	a, err := negotiate(offer)
	return string(a.video), string(a.audio), err
}

// Hasten makes the leases of a server shorter than people have patience for, by a factor of 15.
func (o *Options) Hasten() {
	o.terms = terms{lease: 2 * time.Second, renew: 600 * time.Millisecond, grace: 4 * time.Second,
		look: 100 * time.Millisecond}
}

// Node is the name of a server's node.
func (s *Server) Node() storage.ID { return s.node }

// Serving lists the takes that are being received.
func (s *Server) Serving() []storage.ID { return s.serving(false) }

// SetICETimeouts sets after how long without a sign a connection is disconnected, and failed.
func (s *Server) SetICETimeouts(disconnected, failed, keepAlive time.Duration) {
	s.settings.SetICETimeouts(disconnected, failed, keepAlive)
}
