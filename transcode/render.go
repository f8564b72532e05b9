package transcode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"backrow/storage"
	"backrow/transcode/ffmpeg"
	"backrow/transcode/stills"
	"backrow/transcode/waveform"
)

// output is a file made in the scratch folder.
type output struct {
	kind      storage.RenditionKind
	mediaType string
	file      string
}

// film is the recording as it is made ready.
type film struct {
	video, audio  []*part // in order, each as far as it is used
	copied        bool    // the picture, as it is
	width, height int     // of the picture
	list          string  // of the files to be joined; "": no picture
	length        storage.Ticks
}

const (
	downloadFile = "download.mp4"
	listFile     = "parts.txt"
)

// render makes all renditions and stores them. On an error it returns those stored already.
func (a *attempt) render(ctx context.Context) ([]storage.Rendition, error) {
	if err := a.report.begin(ctx, stepFetch); err != nil {
		return nil, err
	}
	parts, err := a.fetch(ctx)
	if err != nil {
		return nil, err
	}
	f := &film{}
	if f.video, f.audio, err = arrange(parts); err != nil {
		return nil, err
	}
	if len(f.video)+len(f.audio) == 0 {
		return nil, storage.Errorf(storage.Invalid,
			"No picture and no sound arrived for this recording, so there is nothing to prepare.")
	}
	f.measure()

	if err := a.report.begin(ctx, stepVideo); err != nil {
		return nil, err
	}
	if err := a.pictures(ctx, f); err != nil {
		return nil, err
	}
	if err := a.report.begin(ctx, stepDownload); err != nil {
		return nil, err
	}
	made, err := a.download(ctx, f)
	if err != nil {
		return nil, err
	}
	if err := a.report.begin(ctx, stepStills); err != nil {
		return nil, err
	}
	if len(f.video) > 0 {
		pictures, err := a.stills(ctx, f)
		if err != nil {
			return nil, err
		}
		made = append(made, pictures...)
	}
	if err := a.report.begin(ctx, stepStore); err != nil {
		return nil, err
	}
	return a.store(ctx, made)
}

// A picture that is encoded is at most this large, which every player can show.
const (
	mostWidth  = 1920
	mostHeight = 1080
)

// measure finds the length, and the size that all pictures are fitted into: that of the largest.
// H.264 is taken as it is when one configuration holds for the whole recording.
func (f *film) measure() {
	f.copied = true
	for _, p := range f.video {
		v := p.video
		f.length = max(f.length, v.until())
		if v.Width*v.Height > f.width*f.height {
			f.width, f.height = v.Width, v.Height
		}
		if !strings.HasPrefix(v.Codec, "avc") || v.Config != f.video[0].video.Config {
			f.copied = false
		}
	}
	for _, p := range f.audio {
		f.length = max(f.length, p.audio.until())
	}
	if f.copied {
		return
	}
	f.width, f.height = fit(f.width, f.height, mostWidth, mostHeight)
}

// fit makes a size no larger than given, of the same shape, and even, as H.264 wants it.
func fit(width, height, mostWidth, mostHeight int) (int, int) {
	if width > mostWidth {
		width, height = mostWidth, height*mostWidth/width
	}
	if height > mostHeight {
		width, height = width*mostHeight/height, mostHeight
	}
	return max(width/2*2, 16), max(height/2*2, 16)
}

// until is where the picture ends.
func (f *film) until() storage.Ticks { return f.video[len(f.video)-1].video.until() }

// bounds are the limits of one run of ffmpeg over so much media: ten times as long as it plays, and
// ten minutes.
func (p *Pool) bounds(media storage.Ticks) ffmpeg.Limits {
	return ffmpeg.Limits{Time: 10*media.Duration() + 10*time.Minute, Drain: p.limits.Drain,
		OutputBytes: p.limits.OutputBytes, MemoryBytes: p.limits.MemoryBytes}
}

// pictures makes each part's picture ready to be joined and lists them with their exact places.
func (a *attempt) pictures(ctx context.Context, f *film) error {
	if len(f.video) == 0 {
		return nil
	}
	var all, done int64
	for _, p := range f.video {
		all += int64(p.video.frames())
	}
	var list strings.Builder
	for i, p := range f.video {
		name := fmt.Sprintf("picture-%04d.mp4", i)
		make := ffmpeg.Picture{From: p.file, To: name, Copy: f.copied, Width: f.width,
			Height: f.height, OutputBytes: a.pool.limits.OutputBytes}
		if p.video.cut > 0 {
			make.Frames = p.video.frames()
		}
		if err := a.ffmpeg(ctx, ffmpeg.Command{Args: make.Args(), Limits: a.pool.bounds(p.video.end - p.video.first()),
			Progress: func(r ffmpeg.Progress) { a.report.at(float64(done+r.Frames) / float64(all)) },
		}, name); err != nil {
			return err
		}
		done += int64(p.video.frames())
		fmt.Fprintf(&list, "file %s\n", name)
		if i+1 < len(f.video) {
			origin := f.video[0].video.first()
			from, to := p.video.first()-origin, f.video[i+1].video.first()-origin
			fmt.Fprintf(&list, "duration %.6f\n", to.Duration().Seconds()-from.Duration().Seconds())
		}
	}
	f.list = listFile
	return onDisk(os.WriteFile(filepath.Join(a.folder, f.list), []byte(list.String()), 0o600))
}

// ffmpeg runs one command in the scratch folder. A file that reached the limit has been cut off.
func (a *attempt) ffmpeg(ctx context.Context, c ffmpeg.Command, makes string) error {
	c.Folder = a.folder
	if err := a.tools.Run(ctx, c); err != nil || makes == "" {
		return err
	}
	made, err := os.Stat(filepath.Join(a.folder, makes))
	if err != nil {
		return fmt.Errorf("transcode: ffmpeg made nothing: %w", err)
	}
	if made.Size() >= a.pool.limits.OutputBytes {
		return storage.Errorf(storage.TooLarge, "The download would be larger than %d MB.",
			a.pool.limits.OutputBytes>>20)
	}
	return nil
}

// download joins pictures and sound, and listens to the sound on its way.
func (a *attempt) download(ctx context.Context, f *film) ([]output, error) {
	mux := ffmpeg.Mux{List: f.list, Alike: f.copied, To: downloadFile, OutputBytes: a.pool.limits.OutputBytes}
	if f.list != "" {
		mux.Start = int64(f.video[0].video.first())
	}
	for _, p := range f.audio {
		mux.Channels = max(mux.Channels, min(p.audio.Channels, 2))
	}
	made := []output{{storage.RenditionMP4, "video/mp4", downloadFile}}
	command := ffmpeg.Command{Limits: a.pool.bounds(f.length)}
	if mux.Channels == 0 {
		command.Args = mux.Args()
		command.Progress = func(r ffmpeg.Progress) {
			a.report.at(float64(r.Time) / float64(f.length.Duration()))
		}
		if err := a.ffmpeg(ctx, command, downloadFile); err != nil {
			return nil, err
		}
		return made, a.verify(f)
	}
	command.Args = mux.Args()
	sound, into := io.Pipe()
	command.Stdin = sound
	listener := waveform.Listen(ffmpeg.SampleRate, mux.Channels)
	decoded := make(chan error, 1)
	go func() {
		err := a.sound(ctx, f, mux.Channels, io.MultiWriter(into, listener))
		into.CloseWithError(err)
		decoded <- err
	}()
	err := a.ffmpeg(ctx, command, downloadFile)
	sound.CloseWithError(io.ErrClosedPipe) // lets the other go
	if decoding := <-decoded; decoding != nil && (err == nil || errors.Is(err, decoding)) {
		return nil, decoding
	}
	if err != nil {
		return nil, err
	}
	const file = "waveform.json"
	text, err := json.Marshal(listener.Waveform())
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(a.folder, file), text, 0o600); err != nil {
		return nil, onDisk(err)
	}
	return append(made, output{storage.RenditionWaveform, "application/json", file}), a.verify(f)
}

// stills makes storyboard, its index, and the poster.
func (a *attempt) stills(ctx context.Context, f *film) ([]output, error) {
	grid := stills.Plan(f.length.Duration(), f.width, f.height)
	sheet := stills.NewSheet(grid)
	// A tile shows the middle of its stretch. Key frames are about two seconds apart: enough for
	// tiles that are further apart than that.
	middle := min(storage.Ticks(grid.Seconds)*storage.TicksPerSecond, f.until()) / 2
	tiles := ffmpeg.Tiles{From: downloadFile, Start: int64(middle), Seconds: grid.Seconds,
		KeyFramesOnly: grid.Seconds > 2, Width: grid.Width, Height: grid.Height}
	err := a.ffmpeg(ctx, ffmpeg.Command{Args: tiles.Args(), Stdout: sheet, Limits: a.pool.bounds(f.length),
		Progress: func(r ffmpeg.Progress) { a.report.at(float64(r.Frames) / float64(grid.Tiles)) },
	}, "")
	if err != nil {
		return nil, err
	}
	if sheet.Drawn() == 0 {
		a.log.Warn("no picture can be decoded: no poster and no storyboard")
		return nil, nil
	}
	poster, err := a.poster(ctx, f, sheet.Best(3), middle, grid)
	if err != nil {
		return nil, err
	}
	made := []output{
		{storage.RenditionStoryboard, "image/jpeg", "storyboard.jpg"},
		{storage.RenditionStoryboardIndex, "text/vtt", "storyboard.vtt"},
		{storage.RenditionPoster, "image/jpeg", "poster.jpg"},
	}
	if err := a.writeJPEG(made[0].file, sheet.Image()); err != nil {
		return nil, err
	}
	// The index and the sheet lie side by side under the names of their kinds.
	index := grid.Index(string(storage.RenditionStoryboard), f.length.Duration())
	if err := os.WriteFile(filepath.Join(a.folder, made[1].file), []byte(index), 0o600); err != nil {
		return nil, onDisk(err)
	}
	return made, a.writeJPEG(made[2].file, poster)
}

// posterWidth is as wide as a card on the widest screen shows it, twice over.
const posterWidth = 1280

// poster decodes the moments of the best tiles in full and takes the best of them.
func (a *attempt) poster(ctx context.Context, f *film, tiles []int, middle storage.Ticks,
	g stills.Grid,
) (image.Image, error) {
	width, height := f.width, f.height
	if width > posterWidth {
		width, height = posterWidth, height*posterWidth/width
	}
	var best []byte
	quality := stills.Quality(-1)
	for _, tile := range tiles {
		at := middle + storage.Ticks(tile*g.Seconds*storage.TicksPerSecond)
		at = max(min(at, f.until()-storage.TicksPerSecond/2), f.video[0].video.first())
		still := ffmpeg.Still{From: downloadFile, Ticks: int64(at), Width: width, Height: height}
		var rgb bytes.Buffer
		if err := a.ffmpeg(ctx, ffmpeg.Command{Args: still.Args(), Stdout: &rgb,
			Limits: a.pool.bounds(0)}, ""); err != nil {
			return nil, err
		}
		if rgb.Len() != 3*width*height {
			continue // there was no picture at that moment after all
		}
		if q := stills.Judge(rgb.Bytes(), width, height); q > quality {
			best, quality = rgb.Bytes(), q
		}
	}
	if best == nil {
		return nil, fmt.Errorf("transcode: no poster could be decoded at any of %v", tiles)
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(picture.Pix[4*i:], best[3*i:3*i+3])
		picture.Pix[4*i+3] = 0xff
	}
	return picture, nil
}

func (a *attempt) writeJPEG(name string, picture image.Image) error {
	file, err := os.Create(filepath.Join(a.folder, name))
	if err != nil {
		return onDisk(err)
	}
	err = jpeg.Encode(file, picture, &jpeg.Options{Quality: 82})
	if closed := file.Close(); err == nil {
		err = closed
	}
	return onDisk(err)
}
