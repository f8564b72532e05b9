package transcode

import (
	"context"
	"io"

	"backrow/storage"
	"backrow/transcode/ffmpeg"
)

// samples turns ticks into samples of sound.
func samples(t storage.Ticks) int64 {
	return int64(t) * ffmpeg.SampleRate / storage.TicksPerSecond
}

// sound writes all sound of the recording as PCM, from the timeline's beginning: sample n of each
// channel is that of n/48000 s, whatever the takes were like.
func (a *attempt) sound(ctx context.Context, f *film, channels int, to io.Writer) error {
	size := int64(2 * channels)
	at := &place{to: to}
	for _, p := range f.audio {
		t := p.audio
		if err := at.silenceTo(samples(t.first()) * size); err != nil {
			return err
		}
		at.end = samples(t.until()) * size
		decode := ffmpeg.Sound{From: p.file, Start: int64(t.first() - p.shift + t.Edit), Channels: channels,
			Steady: p.steady != nil}
		if err := a.ffmpeg(ctx, ffmpeg.Command{Args: decode.Args(), Stdout: at,
			Limits: a.pool.bounds(t.end - t.first()),
			Progress: func(ffmpeg.Progress) {
				a.report.at(float64(at.written()) / float64(max(samples(f.length)*size, 1)))
			},
		}, ""); err != nil {
			return err
		}
		if err := at.silenceTo(at.end); err != nil { // decoded less than was announced
			return err
		}
	}
	return nil
}
