package capture_test

import (
	"strings"
	"testing"

	"github.com/pion/rtcp"

	"backrow/capture"
)

// FuzzFragment reads trickle fragments of every shape.
func FuzzFragment(f *testing.F) {
	f.Add("a=mid:0\r\na=ice-ufrag:abcd\r\na=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host\r\n")
	f.Add("a=candidate:1 1 tcp 1 x.local 9 typ host tcptype active\na=end-of-candidates\n")
	f.Fuzz(func(t *testing.T, fragment string) {
		if n := capture.Candidates(fragment); n > strings.Count(fragment, "a=candidate") {
			t.Errorf("%d candidates", n)
		}
	})
}

// FuzzReport gives the reports of a stream RTCP as it comes from the network.
func FuzzReport(f *testing.F) {
	for _, p := range []rtcp.Packet{&rtcp.SenderReport{SSRC: 1, NTPTime: 1 << 63, RTPTime: 7},
		&rtcp.Goodbye{Sources: []uint32{1}}, &rtcp.ReceiverReport{SSRC: 1}} {
		data, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		packets, err := rtcp.Unmarshal(data)
		if err == nil {
			capture.Report(packets)
		}
	})
}
