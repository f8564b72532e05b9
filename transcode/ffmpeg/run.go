package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"backrow/storage"
)

// Limits bound one run. A zero field sets no bound.
type Limits struct {
	Time        time.Duration
	OutputBytes int64         // of each file written
	MemoryBytes int64         // address space; Linux only
	Drain       time.Duration // from SIGTERM to SIGKILL; 0: at once
}

// Command is one run of ffmpeg.
type Command struct {
	Args     []string  // inputs, filters and outputs: see args.go
	Folder   string    // where it runs; names in Args are relative to it
	Stdin    io.Reader // for an input pipe:0; nil: none
	Stdout   io.Writer // for an output pipe:1; nil: discarded
	Progress func(Progress)
	Limits   Limits
}

// Error is a run that failed.
type Error struct {
	Args   []string
	Stderr string // its last lines
	Err    error  // an *exec.ExitError, or the cause of the context's end
}

func (e *Error) Error() string {
	return fmt.Sprintf("ffmpeg: %v: %s", e.Err, strings.TrimSpace(e.Stderr))
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	errTooLong  = errors.New("took longer than allowed")
	errTooLarge = errors.New("wrote more than allowed")
)

// emptied is how long the pipes of an ffmpeg that has ended may take to be read to their end: on a
// busy machine some milliseconds.
const emptied = 10 * time.Second

// always comes first: nothing is asked for, nothing decorates stderr, progress goes to descriptor
// 3 twice a second.
var always = []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning", "-y",
	"-stats_period", "0.5", "-progress", "pipe:3"}

// Run runs ffmpeg until it has ended, in a process group that is sent SIGTERM, and after
// Limits.Drain SIGKILL, when ctx ends. It returns ctx's cause, wrapped, in that case; a
// storage.Unavailable when the disk is full or ffmpeg is missing; any other failure as an *Error.
func (t Tools) Run(ctx context.Context, c Command) error {
	return start(ctx, t.FFmpeg, append(append([]string(nil), always...), c.Args...), c)
}

// start runs a program as Run does, with all its arguments.
func start(ctx context.Context, program string, args []string, c Command) error {
	if c.Limits.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Limits.Time, errTooLong)
		defer cancel()
	}
	stderr := &tail{limit: stderrKept}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Folder, c.Stdin, c.Stdout, stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "AV_LOG_FORCE_NOCOLOR=1"}
	cmd.SysProcAttr = ownGroup()
	signal := syscall.SIGTERM
	if cmd.WaitDelay = c.Limits.Drain; cmd.WaitDelay <= 0 {
		signal, cmd.WaitDelay = syscall.SIGKILL, emptied
	}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, signal) }

	err := run(cmd, c)
	switch {
	// It may say so and end as if all were well.
	case strings.Contains(stderr.String(), "No space left on device") && ctx.Err() == nil:
		return storage.Errorf(storage.Unavailable, "The server's disk is full: there is no room "+
			"to work in. Nothing already saved is lost. %w",
			&Error{c.Args, stderr.String(), errors.Join(syscall.ENOSPC, err)})
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &Error{c.Args, stderr.String(), context.Cause(ctx)}
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist),
		errors.Is(err, os.ErrPermission):
		return storage.Errorf(storage.Unavailable,
			"ffmpeg is not installed on the server. %w", errors.Join(ErrMissing, err))
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGXFSZ {
			err = errTooLarge
		}
	}
	return &Error{c.Args, stderr.String(), err}
}

func run(cmd *exec.Cmd, c Command) error {
	// The kernel sends Pdeathsig when the thread that forked ends: stay on it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	reports, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reports.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return err
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		read(reports, c.Progress)
	}()
	group := cmd.Process.Pid
	err = limit(group, c.Limits)
	if err != nil {
		syscall.Kill(-group, syscall.SIGKILL) //nolint:errcheck // it may have ended
	}
	err = errors.Join(cmd.Wait(), err)
	syscall.Kill(-group, syscall.SIGKILL) //nolint:errcheck // what it may have left behind
	<-told
	return err
}
