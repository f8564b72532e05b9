package ffmpeg_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"backrow/storage"
	"backrow/transcode/ffmpeg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tools(t *testing.T) ffmpeg.Tools {
	t.Helper()
	found, err := ffmpeg.Find("", "")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// script is a program in the place of ffmpeg, and its folder.
func script(t *testing.T, text string) (ffmpeg.Tools, string) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return ffmpeg.Tools{FFmpeg: path}, folder
}

func TestFind(t *testing.T) {
	version, err := tools(t).Check(context.Background())
	if err != nil || version == "" {
		t.Errorf("version %q: %v", version, err)
	}
	_, err = ffmpeg.Find("", "no-such-ffprobe")
	if !errors.Is(err, ffmpeg.ErrMissing) || storage.KindOf(err) != storage.Unavailable ||
		!strings.HasPrefix(storage.MessageOf(err), "ffprobe is not installed") {
		t.Errorf("missing: %v", err)
	}
}

func TestCheckTellsWhatIsLacking(t *testing.T) {
	for _, c := range []struct{ says, want string }{
		{"echo ffmpeg version 4.4.1-ubuntu Copyright", "too old"},
		{"echo ffmpeg version 7.1 Copyright", "without the encoder libx264"},
		{"echo ffmpeg version N-1234-gabc Copyright", "without the encoder libx264"},
		{"exit 1", "does not run"},
	} {
		broken, _ := script(t, c.says)
		_, err := broken.Check(context.Background())
		if !errors.Is(err, ffmpeg.ErrMissing) || !strings.Contains(storage.MessageOf(err), c.want) {
			t.Errorf("%s: %v, want %q", c.says, err, c.want)
		}
	}
}

func TestMissingProgram(t *testing.T) {
	err := ffmpeg.Tools{FFmpeg: "/nowhere/ffmpeg"}.Run(context.Background(), ffmpeg.Command{})
	if !errors.Is(err, ffmpeg.ErrMissing) || storage.KindOf(err) != storage.Unavailable {
		t.Error(err)
	}
}

func TestLastWordsAreKept(t *testing.T) {
	broken, _ := script(t, `i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done; exit 3`)
	err := broken.Run(context.Background(), ffmpeg.Command{})
	var failed *ffmpeg.Error
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if !strings.HasSuffix(failed.Stderr, "line 1999\n") || len(failed.Stderr) > 8<<10 {
		t.Errorf("%d bytes kept", len(failed.Stderr))
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("exit: %v", err)
	}
}

// late is a source that answers only when the process named in the file has ended, and then slowly.
type late struct {
	t    *testing.T
	file string
}

func (l late) Read([]byte) (int, error) {
	until(l.t, func() bool { _, err := os.Stat(l.file); return err == nil })
	until(l.t, func() bool { return !alive(l.t, l.file) })
	<-time.After(50 * time.Millisecond)
	return 0, io.EOF
}

func TestPipesMayOutlastTheProcess(t *testing.T) {
	quick, folder := script(t, `echo $$ > pid; mv pid ended`)
	err := quick.Run(context.Background(), ffmpeg.Command{Folder: folder,
		Stdin: late{t, filepath.Join(folder, "ended")}})
	if err != nil {
		t.Error(err)
	}
}

func TestFullDiskHasItsSentence(t *testing.T) {
	broken, _ := script(t, `echo "av_interleaved_write_frame(): No space left on device" >&2; exit 1`)
	err := broken.Run(context.Background(), ffmpeg.Command{})
	if !strings.Contains(storage.MessageOf(err), "disk is full") {
		t.Error(err)
	}
}

// alive says whether the process named in the file still runs.
func alive(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && syscall.Kill(pid, 0) == nil && !strings.Contains(string(state), ") Z ")
}

func TestEndOfContextEndsTheWholeGroup(t *testing.T) {
	// It does not listen to SIGTERM, and has a child that does not either.
	deaf, folder := script(t, `trap '' TERM
(trap '' TERM; while :; do read line < fifo; done) &
echo $! > child
mv child ready
while :; do read line < fifo; done`)
	if err := syscall.Mkfifo(filepath.Join(folder, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("the server is stopping")
	ended := make(chan error, 1)
	go func() {
		ended <- deaf.Run(ctx, ffmpeg.Command{Folder: folder,
			Limits: ffmpeg.Limits{Drain: 50 * time.Millisecond}})
	}()
	ready := filepath.Join(folder, "ready")
	until(t, func() bool { _, err := os.Stat(ready); return err == nil })
	cancel(why)
	if err := <-ended; !errors.Is(err, why) {
		t.Errorf("%v, want the cause", err)
	}
	until(t, func() bool { return !alive(t, ready) })
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatal("waited in vain")
		case <-tick.C:
		}
	}
}

func TestLimits(t *testing.T) {
	real := tools(t)
	endless := []string{"-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30"}
	for _, c := range []struct {
		name   string
		args   []string
		limits ffmpeg.Limits
		want   string
	}{
		{"time", []string{"-f", "null", "-"}, ffmpeg.Limits{Time: 300 * time.Millisecond}, "longer than allowed"},
		{"memory", []string{"-t", "1", "-f", "null", "-"}, ffmpeg.Limits{MemoryBytes: 160 << 20}, ""},
		{"output", []string{"-c:v", "rawvideo", "-f", "rawvideo", "out.raw"},
			ffmpeg.Limits{OutputBytes: 1, Time: time.Minute}, "wrote more than allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			err := real.Run(context.Background(), ffmpeg.Command{Folder: folder,
				Args: append(endless[:len(endless):len(endless)], c.args...), Limits: c.limits})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestNiceAndProgress(t *testing.T) {
	asked, folder := script(t, `cut -d' ' -f19 /proc/$$/stat > before
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do cut -d' ' -f19 /proc/$$/stat > nice; done
printf 'frame=7\nout_time_us=N/A\nprogress=continue\nframe=9\nout_time_us=2500000\ntotal_size=11\nprogress=end\n' >&3`)
	var seen []ffmpeg.Progress
	err := asked.Run(context.Background(), ffmpeg.Command{Folder: folder,
		Progress: func(p ffmpeg.Progress) { seen = append(seen, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0].Frames != 7 ||
		seen[1] != (ffmpeg.Progress{Frames: 9, Time: 2500 * time.Millisecond, Bytes: 11}) {
		t.Errorf("progress %+v", seen)
	}
	if nice, err := os.ReadFile(filepath.Join(folder, "nice")); err != nil || strings.TrimSpace(string(nice)) != "10" {
		t.Errorf("nice %q %v, want 10", nice, err)
	}
}

func TestHostileInputReadsNoFile(t *testing.T) {
	real := tools(t)
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(real.FFmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1",
		"-c:v", "libx264", "-f", "mpegts", filepath.Join(folder, "secret.ts")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	write("hls.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")
	write("concat.mp4", "ffconcat version 1.0\nfile secret.ts\n")
	write("http.mp4", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n#EXT-X-ENDLIST\n")
	for _, name := range []string{"hls.mp4", "concat.mp4", "http.mp4"} {
		for _, args := range [][]string{
			ffmpeg.Picture{From: name, To: "out.mp4", Width: 64, Height: 64}.Args(),
			ffmpeg.Picture{From: name, To: "out.mp4", Copy: true}.Args(),
			ffmpeg.Sound{From: name, Channels: 1}.Args(),
			ffmpeg.Tiles{From: name, Seconds: 1, Width: 64, Height: 64}.Args(),
			ffmpeg.Still{From: name, Width: 64, Height: 64}.Args(),
		} {
			var stdout bytes.Buffer
			err := real.Run(context.Background(), ffmpeg.Command{Args: args, Folder: folder, Stdout: &stdout})
			if err == nil || stdout.Len() > 0 {
				t.Errorf("%s was read by ffmpeg %v: %v, %d bytes", name, args, err, stdout.Len())
			}
		}
	}
}
