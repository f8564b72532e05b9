package capture

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"backrow/capture/depacket"
	"backrow/capture/whip"
	"backrow/storage"
)

// accepted is what is taken of an offer: at most one codec for pictures and one for sound.
type accepted struct {
	video, audio depacket.Codec // empty: none
	codecs       []webrtc.RTPCodecParameters
	kinds        []webrtc.RTPCodecType
}

// negotiate chooses codecs from an offer: H.264 in packetization mode 1, constrained baseline
// first, because every player has it; else VP9; else VP8, which no HLS player has and which is
// therefore only taken from a sender that has nothing better.
func negotiate(offer string) (accepted, error) {
	var description sdp.SessionDescription
	if err := description.UnmarshalString(offer); err != nil {
		return accepted{}, storage.Errorf(storage.Invalid,
			"The offer is not SDP that can be read (RFC 8866). %w", err)
	}
	var a accepted
	asked := false
	for _, media := range description.MediaDescriptions {
		kind := media.MediaName.Media
		if kind != "audio" && kind != "video" || !sends(media) {
			continue
		}
		asked = true
		payloads := payloadsOf(media)
		switch {
		case kind == "video" && a.video == "":
			chosen, codec, ok := chooseVideo(payloads)
			if !ok {
				return accepted{}, notAcceptable("The sender offers none of the video codecs that can be " +
					"recorded: H.264 (packetization mode 1), VP9 or VP8.")
			}
			a.video = codec
			a.add(chosen, webrtc.RTPCodecTypeVideo, payloads)
		case kind == "audio" && a.audio == "":
			chosen, ok := chooseAudio(payloads)
			if !ok {
				return accepted{}, notAcceptable("The sender offers no Opus: sound can only be recorded in Opus.")
			}
			a.audio = depacket.Opus
			a.add(chosen, webrtc.RTPCodecTypeAudio, nil)
		}
	}
	if !asked {
		return accepted{}, notAcceptable("The offer sends neither video nor audio: there is nothing to record.")
	}
	return a, nil
}

func notAcceptable(sentence string) error {
	return storage.Errorf(storage.Invalid, sentence+" %w", whip.ErrNotAcceptable)
}

// sends tells whether the offerer will send on a media section (RFC 8866, section 6.7).
func sends(media *sdp.MediaDescription) bool {
	for _, direction := range []string{"recvonly", "inactive"} {
		if _, found := media.Attribute(direction); found {
			return false
		}
	}
	// With BUNDLE the port of a section may be 0 and the section live (RFC 8843, section 7.1).
	_, bundled := media.Attribute("bundle-only")
	return media.MediaName.Port.Value != 0 || bundled
}

// payload is one line of an m= section.
type payload struct {
	number   uint8
	name     string // upper case
	clock    uint32
	channels uint16
	fmtp     string
}

func payloadsOf(media *sdp.MediaDescription) (found []payload) {
	formats := map[string]string{}
	names := map[string]string{}
	for _, attribute := range media.Attributes {
		number, rest, ok := strings.Cut(attribute.Value, " ")
		switch {
		case !ok:
		case attribute.Key == "fmtp":
			formats[number] = rest
		case attribute.Key == "rtpmap":
			names[number] = rest
		}
	}
	for _, number := range media.MediaName.Formats {
		n, err := strconv.ParseUint(number, 10, 7)
		parts := strings.Split(names[number], "/")
		if err != nil || len(parts) < 2 {
			continue
		}
		clock, err := strconv.ParseUint(parts[1], 10, 32)
		if err != nil {
			continue
		}
		p := payload{number: uint8(n), name: strings.ToUpper(parts[0]), clock: uint32(clock),
			fmtp: formats[number]}
		if len(parts) > 2 {
			channels, _ := strconv.ParseUint(parts[2], 10, 16) // 0 will not match
			p.channels = uint16(channels)
		}
		found = append(found, p)
	}
	return found
}

func (p payload) parameter(name string) string {
	for _, pair := range strings.Split(p.fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(key, name) {
			return strings.ToLower(value)
		}
	}
	return ""
}

func chooseVideo(payloads []payload) (payload, depacket.Codec, bool) {
	// 42e0 is constrained baseline, which every encoder and decoder has (RFC 7742, section 6.2).
	for _, profile := range []string{"42e0", "4200", ""} {
		for _, p := range payloads {
			if p.name == "H264" && p.clock == 90000 && p.parameter("packetization-mode") == "1" &&
				strings.HasPrefix(p.parameter("profile-level-id"), profile) {
				return p, depacket.H264, true
			}
		}
	}
	for _, p := range payloads {
		if profile := p.parameter("profile-id"); p.name == "VP9" && p.clock == 90000 &&
			(profile == "" || profile == "0") {
			return p, depacket.VP9, true
		}
	}
	for _, p := range payloads {
		if p.name == "VP8" && p.clock == 90000 {
			return p, depacket.VP8, true
		}
	}
	return payload{}, "", false
}

func chooseAudio(payloads []payload) (payload, bool) {
	for _, p := range payloads {
		if p.name == "OPUS" && p.clock == 48000 && p.channels == 2 { // RFC 7587, section 7
			return p, true
		}
	}
	return payload{}, false
}

// add notes a codec with its feedback and, for video, its retransmission format.
func (a *accepted) add(p payload, kind webrtc.RTPCodecType, all []payload) {
	feedback := []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "nack"}}
	mime := webrtc.MimeTypeOpus
	if kind == webrtc.RTPCodecTypeVideo {
		mime = "video/" + p.name
		feedback = append(feedback, webrtc.RTCPFeedback{Type: "nack", Parameter: "pli"})
	}
	register := func(p payload, mime string, feedback []webrtc.RTCPFeedback) {
		a.kinds = append(a.kinds, kind)
		a.codecs = append(a.codecs, webrtc.RTPCodecParameters{
			PayloadType: webrtc.PayloadType(p.number),
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: p.clock,
				Channels: p.channels, SDPFmtpLine: p.fmtp, RTCPFeedback: feedback},
		})
	}
	register(p, mime, feedback)
	for _, rtx := range all {
		if rtx.name == "RTX" && rtx.parameter("apt") == strconv.Itoa(int(p.number)) {
			register(rtx, webrtc.MimeTypeRTX, nil)
			return
		}
	}
}

// api makes the WebRTC stack for one session: it knows only the codecs that were accepted, so
// that the answer holds nothing else.
func (s *Server) api(a accepted) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	for i, codec := range a.codecs {
		if err := media.RegisterCodec(codec, a.kinds[i]); err != nil {
			return nil, fmt.Errorf("capture: codec %s: %w", codec.MimeType, err)
		}
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		for _, uri := range []string{sdp.TransportCCURI, sdp.SDESMidURI} {
			if err := media.RegisterHeaderExtension(
				webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return nil, fmt.Errorf("capture: header extension: %w", err)
			}
		}
	}
	// Receiver reports and transport-wide feedback only: what is missing is asked for by the
	// jitter buffer, which knows what has been repaired.
	registry := &interceptor.Registry{}
	receiver, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(s.logs))
	if err != nil {
		return nil, fmt.Errorf("capture: receiver reports: %w", err)
	}
	feedback, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(s.logs))
	if err != nil {
		return nil, fmt.Errorf("capture: congestion feedback: %w", err)
	}
	registry.Add(receiver)
	registry.Add(feedback)
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(s.settings)), nil
}
