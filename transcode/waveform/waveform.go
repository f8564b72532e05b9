// Package waveform finds the peaks of sound as it goes by, so that a page can draw where in a
// lesson somebody speaks. It keeps twenty peaks a second while it listens and gives out as many
// as a page has use for.
package waveform

import (
	"strconv"
)

// finest is how many peaks a second are kept; all rates given out divide it.
const finest = 20

// most is how many peaks are given out while there is a rate that allows it: a recording of 10
// minutes has 20 a second, one of 3 hours one.
const most = 12000

// Waveform is the outline of a recording's sound.
type Waveform struct {
	Version        int   `json:"version"` // 1
	DurationMS     int64 `json:"duration_ms"`
	PeaksPerSecond int   `json:"peaks_per_second"`
	Peaks          Peaks `json:"peaks"`
}

// Peaks are the greatest amplitudes, 0 to 255 (full scale), of equal stretches of time.
type Peaks []uint8

// MarshalJSON writes the peaks as a list of numbers.
func (p Peaks) MarshalJSON() ([]byte, error) {
	text := make([]byte, 1, 4*len(p)+2)
	text[0] = '['
	for i, peak := range p {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendUint(text, uint64(peak), 10)
	}
	return append(text, ']'), nil
}

// Listener hears PCM, signed 16-bit little-endian, by Write. It is not safe for concurrent use.
type Listener struct {
	frame   int64 // bytes of one sample of all channels
	rate    int64
	heard   int64 // bytes
	low     byte  // of a sample cut in two by the end of a Write
	highest int32 // in the stretch that is being heard
	peaks   Peaks
}

// Listen is a listener to sound of so many samples a second (a multiple of 20) and channels.
func Listen(rate, channels int) *Listener {
	return &Listener{frame: int64(2 * channels), rate: int64(rate)}
}

// Write never fails.
func (l *Listener) Write(p []byte) (int, error) {
	stretch := l.frame * l.rate / finest
	for _, b := range p {
		if l.heard%2 == 0 {
			l.low = b
		} else {
			sample := int32(int16(uint16(b)<<8 | uint16(l.low)))
			l.highest = max(l.highest, sample, -sample)
		}
		if l.heard++; l.heard%stretch == 0 {
			l.keep()
		}
	}
	return len(p), nil
}

// keep ends a stretch. -32768 is the one amplitude over full scale.
func (l *Listener) keep() {
	l.peaks = append(l.peaks, uint8(min(l.highest, 32767)*255/32767))
	l.highest = 0
}

// Waveform is the outline of what has been heard; a stretch begun counts whole.
func (l *Listener) Waveform() Waveform {
	kept := l.peaks
	if l.heard%(l.frame*l.rate/finest) != 0 {
		kept = append(kept[:len(kept):len(kept)], uint8(min(l.highest, 32767)*255/32767))
	}
	each := 1
	for _, each = range []int{1, 2, 4, 10, 20} {
		if (len(kept)+each-1)/each <= most {
			break
		}
	}
	given := make(Peaks, 0, len(kept)/each+1)
	for i, peak := range kept {
		if i%each == 0 {
			given = append(given, peak)
		} else {
			given[len(given)-1] = max(given[len(given)-1], peak)
		}
	}
	return Waveform{Version: 1, DurationMS: l.heard / l.frame * 1000 / l.rate,
		PeaksPerSecond: finest / each, Peaks: given}
}
