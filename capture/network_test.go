package capture_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// TestLossAndDelay keeps what the network loses: both ways, requests and repeats as well.
func TestLossAndDelay(t *testing.T) {
	tests := []struct {
		name  string
		loss  float64
		delay time.Duration // each way
		rate  float64       // bits a second; 0: any number
		share float64       // of frames, at least
	}{
		{"2 percent", 2, 20 * time.Millisecond, 0, 0.995},
		{"5 percent", 5, 20 * time.Millisecond, 0, 0.995},
		{"10 percent", 10, 20 * time.Millisecond, 0, 0.99},
		{"5 percent, far away", 5, 120 * time.Millisecond, 0, 0.99},
		{"1.2 Mbit/s with 2 percent", 2, 20 * time.Millisecond, 1.2e6, 0.99},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, test.delay, test.loss, test.rate/8)
			b, client := w.bench(dbtest.SQLite(t), nil)
			recording := b.recording()
			sender, _, _ := b.publishOn(recording, line{net: client}, whip.Offer{})
			sender.send(t.Context(), 10*time.Second, 0)
			b.stop(recording)
			s := b.read(recording)
			t.Logf("%d of %d frames, %d of %d packets of sound; %d kB went up", len(s.numbers), sender.frames,
				s.packets, sender.packets, w.went()/1000)
			s.complete(t, sender.frames, test.share)
			s.decode(t)
			if s.packets < sender.packets || s.packets > sender.packets+10 { // silence is among them
				t.Errorf("%d packets of sound, want %d", s.packets, sender.packets)
			}
		})
	}
}

func (w *wire) went() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// TestNarrow has a line of 300 kbit/s: what fits into it is complete, with a little loss too, and
// asking again for what a line cannot carry does not choke it.
func TestNarrow(t *testing.T) {
	tests := []struct {
		name  string
		clip  func() ([][][]byte, error)
		share float64
		sound float64
	}{
		{"fits", small, 0.99, 1},
		{"three times too much", clip, 0, 0.9},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, 20*time.Millisecond, 1, 300e3/8)
			b, client := w.bench(dbtest.SQLite(t), nil)
			recording := b.recording()
			sender, _, _ := b.publishOn(recording, line{net: client}, whip.Offer{})
			sender.clip = test.clip
			sender.send(t.Context(), 10*time.Second, 0)
			b.stop(recording)
			s := b.read(recording)
			t.Logf("%d of %d frames, %d of %d packets of sound; %d kB went up", len(s.numbers),
				sender.frames, s.packets, sender.packets, w.went()/1000)
			s.complete(t, sender.frames, test.share)
			s.decode(t)
			if got := float64(s.packets); got < test.sound*float64(sender.packets) {
				t.Errorf("%.0f packets of sound of %d", got, sender.packets)
			}
		})
	}
}

// zeroOf is an offset and a zero for an offer made now: the lesson's clock reads ms.
func zeroOf(ms int64) whip.Offer {
	return whip.Offer{OffsetMS: &ms, ZeroUnixMS: float64(time.Now().UnixMicro())/1000 - float64(ms)}
}

// placed holds the frames of a sender to where they were on the lesson's clock.
func (s stored) placed(t *testing.T, sender *browser, zero float64, from int) {
	t.Helper()
	worst, n := 0.0, 0
	for frame := range sender.frames {
		at, ok := s.times[from+frame]
		if !ok {
			continue
		}
		n++
		want := float64(sender.videoBegan.UnixMicro())/1000 - zero + float64(frame)*1000/30
		if off := at - want; max(off, -off) > max(worst, -worst) {
			worst = off
		}
	}
	t.Logf("%d frames are at most %.1f ms off their place", n, worst)
	if n == 0 || worst > 17 || worst < -17 { // half a frame
		t.Errorf("%d frames are %.1f ms off their place", n, worst)
	}
}

// TestCut cuts the network. What comes back before the connection has failed goes on in the same
// take; else in another one; and each lies where it was on the lesson's clock.
func TestCut(t *testing.T) {
	tests := []struct {
		name  string
		cut   time.Duration
		takes int
	}{
		{"short", 4 * time.Second, 1},
		{"long", iceQuiet + iceFailed + 3*time.Second, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, 50*time.Millisecond, 0, 0)
			b, client := w.bench(dbtest.SQLite(t), nil)
			recording := b.recording()
			offer := zeroOf(0)
			zero := offer.ZeroUnixMS
			sender, _, _ := b.publishOn(recording, line{net: client}, offer)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			sent := make(chan struct{})
			go func() { defer close(sent); sender.send(ctx, 5*time.Second+test.cut, 0) }()
			until(ctx, time.Now().Add(3*time.Second))
			w.cut.Store(true)
			until(ctx, time.Now().Add(test.cut))
			w.cut.Store(false)
			frames := 0
			if test.takes == 2 {
				b.eventually("the take is given up", 10*time.Second, func() bool { return len(b.server.Serving()) == 0 })
				stop()
				<-sent
				frames = sender.frames
				again := zeroOf(time.Now().UnixMilli() - int64(zero))
				again.ZeroUnixMS = zero
				second, _, _ := b.publishOn(recording, line{net: client}, again)
				second.from = frames
				second.send(t.Context(), 3*time.Second, 0)
				b.stop(recording)
				b.read(recording).placed(t, second, zero, frames)
			} else {
				<-sent
				b.stop(recording)
			}
			takes, err := b.cat.Takes(t.Context(), recording)
			if err != nil || len(takes) != test.takes {
				t.Fatalf("%d takes, want %d: %v", len(takes), test.takes, err)
			}
			s := b.read(recording)
			if test.takes == 1 {
				s.decode(t)
			}
			s.placed(t, sender, zero, 0)
			lost := sender.frames - len(s.times)
			if most := int((test.cut + time.Second).Seconds() * 30); test.takes == 1 && lost > most {
				t.Errorf("%d frames are missing, want at most %d", lost, most)
			}
		})
	}
}

// TestTCP sends a lesson by ICE-TCP, as where UDP is closed.
func TestTCP(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	sender, _, session := b.publishOn(recording, line{tcp: true}, whip.Offer{})
	if !strings.Contains(session.Answer, " tcp ") {
		t.Errorf("the answer has no TCP candidate:\n%s", session.Answer)
	}
	sender.send(t.Context(), 4*time.Second, 0)
	b.stop(recording)
	s := b.read(recording)
	s.complete(t, sender.frames, 1)
	s.decode(t)
}

// shuffled sends some packets late, behind those that follow, and some twice.
type shuffled struct {
	interceptor.NoOp
	seed uint64
}

func (f *shuffled) NewInterceptor(string) (interceptor.Interceptor, error) { return f, nil }

func (f *shuffled) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter,
) interceptor.RTPWriter {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(f.seed, uint64(info.PayloadType)))
	type late struct {
		header  rtp.Header
		payload []byte
		after   int
	}
	var held []late
	return interceptor.RTPWriterFunc(
		func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			if dice.IntN(10) == 0 {
				held = append(held, late{*h, append([]byte(nil), payload...), 1 + dice.IntN(12)})
				return len(payload), nil
			}
			n, err := next.Write(h, payload, a)
			if dice.IntN(10) == 0 {
				_, _ = next.Write(h, payload, a)
			}
			rest := held[:0]
			for _, l := range held {
				if l.after--; l.after > 0 {
					rest = append(rest, l)
					continue
				}
				_, _ = next.Write(&l.header, l.payload, a)
			}
			held = rest
			return n, err
		})
}

// TestOutOfOrder puts a tenth of the packets behind others and sends a tenth twice.
func TestOutOfOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.SQLite(t), nil)
	recording := b.recording()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	sender, _, _ := b.publishOn(recording, line{more: &shuffled{seed: seed}}, whip.Offer{})
	sender.send(t.Context(), 6*time.Second, 0)
	b.stop(recording)
	s := b.read(recording)
	s.complete(t, sender.frames, 0.99) // the very last packets may stay held back
	s.decode(t)
}

// TestGarbage has one sender send what is nothing, beside one that teaches.
func TestGarbage(t *testing.T) {
	t.Parallel()
	b := newBench(t, dbtest.SQLite(t), func(o *capture.Options) { o.MaxStreams = 8 })
	lesson, rubbish := b.recording(), b.recording()
	good, _, _ := b.publish(lesson, 0)
	bad, _, _ := b.publish(rubbish, 0)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var work sync.WaitGroup
	work.Go(func() { bad.garble(ctx, seed) })
	good.send(t.Context(), 6*time.Second, 0)
	stop()
	work.Wait()
	b.stop(lesson)
	s := b.read(lesson)
	s.complete(t, good.frames, 1)
	s.decode(t)
	if r := b.stop(rubbish); r.State != storage.StateReady {
		t.Errorf("the other recording is %s", r.State)
	}
}

// garble sends packets of anything, with any number and time.
func (b *browser) garble(ctx context.Context, seed uint64) {
	dice := rand.New(rand.NewPCG(seed, 2))
	for n := uint16(0); until(ctx, time.Now().Add(2*time.Millisecond)); n++ {
		payload := make([]byte, dice.IntN(1200))
		for i := range payload {
			payload[i] = byte(dice.Uint32())
		}
		if len(payload) > 0 && dice.IntN(2) == 0 { // something like H.264
			payload[0] = []byte{0x67, 0x68, 0x65, 0x41, 0x78, 0x7c}[dice.IntN(6)]
		}
		packet := &rtp.Packet{Header: rtp.Header{Version: 2, Marker: dice.IntN(3) == 0,
			SequenceNumber: n, Timestamp: uint32(n) * 3000}, Payload: payload}
		if dice.IntN(20) == 0 {
			packet.SequenceNumber, packet.Timestamp = uint16(dice.Uint32()), dice.Uint32()
		}
		_ = b.video.WriteRTP(packet)
		_ = b.audio.WriteRTP(packet)
	}
}
