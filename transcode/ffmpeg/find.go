// Package ffmpeg runs ffmpeg and ffprobe so that what they are fed cannot hurt: no shell, no
// network, no file but those named, a process group that dies with its context, and bounds on
// time, memory and output. Which arguments make what is the caller's matter.
package ffmpeg

import (
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"backrow/storage"
)

// Tools are the programs, found.
type Tools struct {
	FFmpeg  string // path
	FFprobe string // path
}

// ErrMissing is in the chain of an error that says that ffmpeg or ffprobe is not installed, or is
// not one that Backrow can use: trying again is no use until an operator has acted.
var ErrMissing = errors.New("ffmpeg: not usable")

// Find looks up the programs; an empty name stands for the usual one, on the PATH. Its errors are
// storage.Unavailable with a sentence that says what to install or set, and wrap ErrMissing.
func Find(ffmpeg, ffprobe string) (Tools, error) {
	var t Tools
	for _, tool := range []struct {
		path        *string
		name, usual string
	}{{&t.FFmpeg, ffmpeg, "ffmpeg"}, {&t.FFprobe, ffprobe, "ffprobe"}} {
		if tool.name == "" {
			tool.name = tool.usual
		}
		path, err := exec.LookPath(tool.name)
		if err != nil {
			return Tools{}, storage.Errorf(storage.Unavailable,
				"%s is not installed on the server (looked for %q). Install the package ffmpeg, "+
					"version 5.1 or later, or name the program in the settings. %w",
				tool.usual, tool.name, errors.Join(ErrMissing, err))
		}
		*tool.path = path
	}
	return t, nil
}

const checkTime = 20 * time.Second

// Check runs the programs and reports the version of ffmpeg, or what it lacks. Its errors are as
// those of Find.
func (t Tools) Check(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, t.FFmpeg, "-hide_banner", "-version").Output()
	if err != nil {
		return "", storage.Errorf(storage.Unavailable, "%s does not run. %w", t.FFmpeg,
			errors.Join(ErrMissing, err))
	}
	version = strings.TrimPrefix(strings.SplitN(string(out), " Copyright", 2)[0], "ffmpeg version ")
	if old(version) {
		return version, storage.Errorf(storage.Unavailable,
			"ffmpeg %s is too old: install version 5.1 or later. %w", version, ErrMissing)
	}
	out, err = exec.CommandContext(ctx, t.FFmpeg, "-hide_banner", "-encoders").Output()
	if err != nil {
		return version, storage.Errorf(storage.Unavailable, "%s does not run. %w", t.FFmpeg,
			errors.Join(ErrMissing, err))
	}
	for _, encoder := range []string{"libx264", "aac", "libopus"} {
		if !strings.Contains(string(out), " "+encoder+" ") {
			return version, storage.Errorf(storage.Unavailable,
				"ffmpeg %s was built without the encoder %s: install a complete one. %w",
				version, encoder, ErrMissing)
		}
	}
	if err := exec.CommandContext(ctx, t.FFprobe, "-hide_banner", "-version").Run(); err != nil {
		return version, storage.Errorf(storage.Unavailable, "%s does not run. %w", t.FFprobe,
			errors.Join(ErrMissing, err))
	}
	return version, nil
}

var numbered = regexp.MustCompile(`^n?(\d+)\.(\d+)`)

// old says whether a version is known to lack -fps_mode (5.1). Builds from a snapshot have no
// number and are taken to be new.
func old(version string) bool {
	m := numbered.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return major < 5 || major == 5 && minor < 1
}
