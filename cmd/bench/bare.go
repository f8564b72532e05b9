package main

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"sync"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"backrow/capture/whip"
	"backrow/storage"
)

// socketBuffer is what capture asks for too.
const socketBuffer = 4 << 20

// bare is the bound: a receiver with the interceptors, the codecs and the one UDP port of capture,
// that reads packets and drops them.
type bare struct {
	api    *webrtc.API
	socket *net.UDPConn

	mu    sync.Mutex
	peers []*webrtc.PeerConnection // guarded by mu
	work  sync.WaitGroup
}

func newBare() (*bare, error) {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	if err := socket.SetReadBuffer(socketBuffer); err != nil {
		return nil, err
	}
	b := &bare{socket: socket}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.Writer = io.Discard
	var settings webrtc.SettingEngine
	settings.SetICEUDPMux(ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket, Logger: quiet.NewLogger("ice")}))
	settings.LoggerFactory = quiet
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := register(engine); err != nil {
		return nil, err
	}
	receiver, err := report.NewReceiverInterceptor()
	if err != nil {
		return nil, err
	}
	feedback, err := twcc.NewSenderInterceptor()
	if err != nil {
		return nil, err
	}
	registry.Add(receiver)
	registry.Add(feedback)
	b.api = webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings))
	return b, nil
}

// register knows what capture/encoder sends.
func register(engine *webrtc.MediaEngine) error {
	feedback := []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	for _, codec := range []struct {
		kind webrtc.RTPCodecType
		is   webrtc.RTPCodecParameters
	}{
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: 102,
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
				SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
				RTCPFeedback: feedback}}},
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: 103,
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000,
				SDPFmtpLine: "apt=102"}}},
		{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecParameters{PayloadType: 111,
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000,
				Channels: 2, RTCPFeedback: feedback[:2]}}},
	} {
		if err := engine.RegisterCodec(codec.is, codec.kind); err != nil {
			return err
		}
		for _, uri := range []string{sdp.TransportCCURI, sdp.SDESMidURI} {
			if err := engine.RegisterHeaderExtension(
				webrtc.RTPHeaderExtensionCapability{URI: uri}, codec.kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// Publish answers an offer; what comes is read and dropped.
func (b *bare) Publish(_ context.Context, offer whip.Offer) (whip.Session, error) {
	peer, err := b.api.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return whip.Session{}, err
	}
	b.mu.Lock()
	b.peers = append(b.peers, peer)
	b.mu.Unlock()
	peer.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		b.work.Go(func() {
			buffer := make([]byte, 1<<16)
			for {
				if _, _, err := track.Read(buffer); err != nil {
					return
				}
			}
		})
		b.work.Go(func() {
			buffer := make([]byte, 1<<16)
			for {
				if _, _, err := receiver.Read(buffer); err != nil {
					return
				}
			}
		})
	})
	if err := peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer,
		SDP: offer.SDP}); err != nil {
		return whip.Session{}, err
	}
	answer, err := peer.CreateAnswer(nil)
	if err != nil {
		return whip.Session{}, err
	}
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(answer); err != nil {
		return whip.Session{}, err
	}
	<-gathered
	return whip.Session{ID: rand.Text(), Answer: peer.LocalDescription().SDP}, nil
}

// Trickle and EndSession are not asked for by the encoders of this benchmark.
func (b *bare) Trickle(context.Context, storage.ID, string, string, string) error {
	return storage.Errorf(storage.NotFound, "That session does not exist.")
}

// EndSession is described with Trickle.
func (b *bare) EndSession(context.Context, storage.ID, string) error {
	return storage.Errorf(storage.NotFound, "That session does not exist.")
}

func (b *bare) close() {
	b.mu.Lock()
	for _, peer := range b.peers {
		_ = peer.Close() // the process ends with it
	}
	b.mu.Unlock()
	b.work.Wait()
	_ = b.socket.Close()
}
