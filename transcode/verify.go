package transcode

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/Eyevinn/mp4ff/mp4"
)

// verify counts the frames of the download. A decoder that leaves out a damaged picture is no
// reason to have no download, but it is told.
func (a *attempt) verify(f *film) error {
	if len(f.video) == 0 {
		return nil
	}
	file, err := os.Open(filepath.Join(a.folder, downloadFile))
	if err != nil {
		return err
	}
	defer file.Close()
	download, err := mp4.DecodeFile(file, mp4.WithDecodeMode(mp4.DecModeLazyMdat))
	if err != nil || download.Moov == nil {
		return fmt.Errorf("transcode: the download cannot be read back: %w", err)
	}
	want, got := 0, 0
	for _, p := range f.video {
		want += p.video.frames()
	}
	for _, trak := range download.Moov.Traks {
		if trak.Mdia.Hdlr.HandlerType == "vide" {
			got = int(trak.Mdia.Minf.Stbl.Stsz.SampleNumber)
		}
	}
	switch {
	case got == 0:
		return fmt.Errorf("transcode: the download has no picture, %d frames were received", want)
	case got != want:
		a.log.Warn("frames received and frames in the download differ", "received", want, "made", got)
	}
	return nil
}
