package capture

import (
	"log/slog"

	"backrow/capture/drop"
)

// spare drops live takes that are not needed any more (package drop), and tells of trouble once.
type spare struct {
	*drop.Dropper
	outage outage
}

func newSpare(o Options) (*spare, error) {
	dropper, err := drop.New(drop.Options{Catalogue: o.Catalogue, Objects: o.Objects, Log: o.Log,
		Metrics: o.Metrics, Keep: o.KeepLive})
	return &spare{Dropper: dropper, outage: outage{log: o.Log, level: slog.LevelWarn,
		begins: "capture: live takes that are not needed any more cannot be dropped",
		end:    "capture: live takes that are not needed any more can be dropped again"}}, err
}

// dropSpare is part of the janitor's round.
func (s *Server) dropSpare() {
	if err := s.spare.Run(s.ctx); err == nil {
		s.spare.outage.worked(s.node)
	} else if s.ctx.Err() == nil {
		s.spare.outage.failed(s.node, err)
	}
}
