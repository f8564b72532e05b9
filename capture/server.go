package capture

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"backrow/capture/spool"
	"backrow/capture/whip"
	"backrow/storage"
)

// The defaults of Options.
const (
	defaultSpool   = 4 << 30
	defaultStreams = 100
	defaultHold    = 2 * time.Second
	defaultSegment = 2 * time.Second
	defaultIdle    = 15 * time.Minute
)

// replayWindow is how far behind the newest packet an SRTP packet may be: retransmissions of sound
// come under their old number. 64, the default, is 1.3 s of sound and 0.2 s of video.
const replayWindow = 4096

// Server receives takes. It is safe for concurrent use. It implements whip.Publisher.
type Server struct {
	options     Options
	logs        logging.LoggerFactory
	network     *network
	settings    webrtc.SettingEngine
	certificate webrtc.Certificate
	spool       *spool.Spool
	node        storage.ID // this one, by its spool
	sender      *sender
	metrics     *metrics
	spare       *spare
	locals      *locals
	problems    problems
	covers      recent[coverage] // what is known to be stored, of recordings that are asked about
	lists       recent[listed]   // the playlists of recordings that are being followed
	unled       outage           // of the catalogue, for leases
	unkempt     outage           // and for the janitor
	undisked    outage           // of the spool
	unkept      outage           // of everything: segments are lost
	work        sync.WaitGroup   // goroutines that are the server's own
	ctx         context.Context
	cancel      context.CancelFunc

	mu        sync.Mutex
	takes     map[storage.ID]*take      // by take; nil value: being opened; guarded by mu
	owners    map[storage.ID]storage.ID // whose take each of them is; guarded by mu
	finishing map[storage.ID]bool       // recordings that wait to become ready; guarded by mu
	closed    bool                      // guarded by mu
}

var _ whip.Publisher = (*Server)(nil)

// New opens the media ports, sends on what the spool holds, and finishes recordings that were
// left behind. A port that is taken and a spool that cannot be written are Unavailable errors that
// name the setting.
func New(options Options) (*Server, error) {
	s := &Server{options: options.withDefaults(), takes: map[storage.ID]*take{},
		owners:    map[storage.ID]storage.ID{},
		finishing: map[storage.ID]bool{}}
	s.logs = pionLogs{s.options.Log}
	s.outages()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.open(); err != nil {
		s.cancel()
		if s.network != nil {
			s.network.close()
		}
		return nil, err
	}
	s.work.Go((&janitor{server: s}).run)
	s.work.Go(s.keepLeases)
	s.options.Log.Info("capture: lessons arrive here", "ports", s.network.String())
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	if o.terms == (terms{}) {
		o.terms = usualTerms
	}
	if o.SpoolBytes <= 0 {
		o.SpoolBytes = defaultSpool
	}
	o.completeBlobs()
	if o.MaxStreams <= 0 {
		o.MaxStreams = defaultStreams
	}
	for _, d := range []struct {
		have  *time.Duration
		usual time.Duration
	}{{&o.Hold, defaultHold}, {&o.SegmentLength, defaultSegment}, {&o.Idle, defaultIdle}} {
		if *d.have <= 0 {
			*d.have = d.usual
		}
	}
	return o
}

func (s *Server) open() (err error) {
	if s.spool, err = spool.Open(s.options.Spool, s.options.SpoolBytes); err != nil {
		return storage.Errorf(storage.Unavailable, "The spool folder %s cannot be used (%s): "+
			"choose a folder that can be written with --data. %w", s.options.Spool, cause(err), err)
	}
	if s.node, err = nodeID(s.options.Spool); err != nil {
		return storage.Errorf(storage.Unavailable, "The spool folder %s cannot be used (%s): "+
			"choose a folder that can be written with --data. %w", s.options.Spool, cause(err), err)
	}
	if s.network, err = listen(s.options, s.logs); err != nil {
		return err
	}
	s.metrics, err = newMetrics(s.options.Metrics, func() float64 { return float64(s.spool.Used()) })
	if err != nil {
		return storage.Errorf(storage.Internal, "The metrics of capture exist already. %w", err)
	}
	if s.spare, err = newSpare(s.options); err != nil {
		return err
	}
	if s.locals, err = newLocals(s.options); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	s.sender = newSender(s)
	if err := s.resume(); err != nil {
		s.sender.stop()
		return storage.Errorf(storage.Unavailable, "The spool folder %s cannot be read (%s). %w",
			s.options.Spool, cause(err), err)
	}
	return nil
}

// resume takes up what was left behind when this node ended.
func (s *Server) resume() error {
	ctx, cancel := context.WithTimeout(s.ctx, leaseTime)
	defer cancel()
	if s.options.Catalogue != nil {
		if err := s.options.Catalogue.EndTakesOfNode(ctx, s.node); err != nil {
			// The database may be away just now: other nodes end them when the leases have run out.
			s.options.Log.Warn("capture: takes of before could not be ended", "error", err)
		}
	}
	return s.sender.resend()
}

// outages makes what tells the log of trouble.
func (s *Server) outages() {
	log := s.options.Log
	s.unled = outage{log: log, level: slog.LevelWarn,
		begins: "capture: leases of takes cannot be renewed; recording goes on",
		end:    "capture: leases of takes are renewed again"}
	s.unkempt = outage{log: log, level: slog.LevelWarn,
		begins: "capture: unfinished recordings cannot be looked for",
		end:    "capture: unfinished recordings are looked for again"}
	s.undisked = outage{log: log, level: slog.LevelError,
		begins: "capture: segments cannot be written to the spool; they are sent from memory",
		end:    "capture: segments are written to the spool again"}
	s.unkept = outage{log: log, level: slog.LevelError,
		begins: "capture: SEGMENTS ARE LOST", end: "capture: no more segments are lost"}
}

// configure makes what all sessions share.
func (s *Server) configure() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return storage.Errorf(storage.Internal, "A key cannot be made. %w", err)
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return storage.Errorf(storage.Internal, "A certificate cannot be made. %w", err)
	}
	s.certificate = *certificate

	e := &s.settings
	e.LoggerFactory = s.logs
	e.SetNet(s.network.net)
	e.SetICEUDPMux(s.network.udp)
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if s.network.tcp != nil {
		e.SetICETCPMux(s.network.tcp)
		types = append(types, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	e.SetNetworkTypes(types)
	e.SetIPFilter(s.network.keeps)
	e.SetIncludeLoopbackCandidate(s.network.loopback)
	e.DisableActiveTCP(true)
	// Browsers hide their addresses behind .local names; their checks tell where they are.
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetSRTPReplayProtectionWindow(replayWindow)
	if len(s.options.AdvertiseIPs) == 0 {
		return nil
	}
	if err := e.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
		External: s.options.AdvertiseIPs, AsCandidateType: webrtc.ICECandidateTypeHost,
		Mode: webrtc.ICEAddressRewriteReplace}); err != nil {
		return storage.Errorf(storage.Invalid,
			"--media-advertise must list IP addresses. %w", err)
	}
	return nil
}

// live lists the takes of a recording that are being received.
func (s *Server) live(recording storage.ID) (found []*take) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.takes {
		if t != nil && t.recording == recording {
			found = append(found, t)
		}
	}
	return found
}

// forget takes a take out of the list.
func (s *Server) forget(t *take) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.takes[t.id] == t {
		delete(s.takes, t.id)
		delete(s.owners, t.id)
		s.metrics.takes.Dec()
	}
}

// spawn runs work in a goroutine that Close waits for. After Close it does nothing: Close itself
// ends what is there.
func (s *Server) spawn(work func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.work.Go(work)
	}
}

// UDPPort is the port that media arrives at.
func (s *Server) UDPPort() int { return s.network.udpPort }

// TCPPort is the port for ICE-TCP; 0 when there is none.
func (s *Server) TCPPort() int { return s.network.tcpPort }

// Close ends every take, stores what they hold, and closes the ports. Recordings stay open, to be
// joined again after a restart. What cannot be stored before ctx ends stays in the spool.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	var live []*take
	for _, t := range s.takes {
		if t != nil {
			live = append(live, t)
		}
	}
	s.mu.Unlock()
	endAll(live, "server stopped", true)
	s.sender.drain(ctx)
	s.cancel()
	s.work.Wait()
	return s.network.close()
}

// endAll ends takes side by side; wait says whether what is under way is waited for.
func endAll(takes []*take, reason string, wait bool) {
	var all sync.WaitGroup
	for _, t := range takes {
		all.Go(func() { t.end(reason, wait) })
	}
	all.Wait()
}
