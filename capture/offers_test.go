package capture_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// TestOffers answers offers as browsers and encoders make them: the best codec of each kind and
// nothing else, receiving, with candidates, and with what the sender can do against loss.
func TestOffers(t *testing.T) {
	tests := []struct {
		file         string
		video, audio string
		formats      string // payload types of the answer's sections
		feedback     []string
		not          []string
	}{
		{"obs.sdp", "h264", "opus", "111; 96", []string{"96 nack", "96 nack pli"},
			[]string{"transport-cc", "rtx", "111 nack"}},
		{"obs-sound.sdp", "", "opus", "111", nil, []string{"m=video"}},
		{"obs-pictures.sdp", "h264", "", "96", []string{"96 nack"}, []string{"m=audio"}},
		{"gstreamer.sdp", "h264", "opus", "96 97; 99", []string{"96 nack", "96 transport-cc", "99 nack"},
			[]string{"VP8"}},
		{"firefox.sdp", "vp9", "opus", "109; 121 125", []string{"121 nack", "121 transport-cc", "109 nack"},
			[]string{"VP8", "PCMU"}},
		{"chrome-android.sdp", "h264", "opus", "111; 103 104", []string{"103 nack", "111 nack"},
			[]string{"VP8", "AV1", "red/", "ulpfec"}},
	}
	fixtures, err := filepath.Abs("testdata/offers")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(fixtures, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), "\n", "\r\n") // as SDP has it (RFC 8866, section 5)
	}
	b := newBench(t, dbtest.SQLite(t), nil)
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			offer := read(test.file)
			video, audio, err := capture.Negotiate(offer)
			if err != nil || video != test.video || audio != test.audio {
				t.Fatalf("chose %q and %q, want %q and %q: %v", video, audio, test.video, test.audio, err)
			}
			take := storage.NewID()
			session, err := b.server.Publish(t.Context(), whip.Offer{Recording: b.recording(), Take: take,
				SDP: offer})
			if err != nil {
				t.Fatal(err)
			}
			var answer sdp.SessionDescription
			if err := answer.UnmarshalString(session.Answer); err != nil {
				t.Fatal(err)
			}
			var formats []string
			for _, media := range answer.MediaDescriptions {
				formats = append(formats, strings.Join(media.MediaName.Formats, " "))
				if _, receives := media.Attribute("recvonly"); !receives {
					t.Errorf("the %s section does not receive", media.MediaName.Media)
				}
			}
			if got := strings.Join(formats, "; "); got != test.formats {
				t.Errorf("formats %q, want %q", got, test.formats)
			}
			for _, want := range append(test.feedback, "a=candidate:", "a=setup:active") {
				if !strings.Contains(session.Answer, want) {
					t.Errorf("the answer lacks %q:\n%s", want, session.Answer)
				}
			}
			for _, unwanted := range test.not {
				if strings.Contains(session.Answer, unwanted) {
					t.Errorf("the answer has %q:\n%s", unwanted, session.Answer)
				}
			}
			if err := b.server.EndSession(t.Context(), take, session.ID); err != nil {
				t.Error(err)
			}
		})
	}
}
