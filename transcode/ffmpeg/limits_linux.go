package ffmpeg

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// niceness leaves the cores to recordings: what is captured cannot be made again, this can.
const niceness = 10

// fileSlack is room for what -fs does not count: headers and the index at the end.
const fileSlack = 256 << 20

func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit is called just after the process began. What it did before (opening its libraries) is
// bounded by itself; the limits hold for all its threads, also those begun already.
func limit(pid int, l Limits) error {
	set := func(resource int, to int64) error {
		if to <= 0 {
			return nil
		}
		bound := unix.Rlimit{Cur: uint64(to), Max: uint64(to)}
		if err := unix.Prlimit(pid, resource, &bound, nil); err != nil {
			return fmt.Errorf("ffmpeg: set limit %d: %w", resource, err)
		}
		return nil
	}
	output := l.OutputBytes
	if output > 0 {
		output += fileSlack
	}
	err := errors.Join(set(unix.RLIMIT_AS, l.MemoryBytes), set(unix.RLIMIT_FSIZE, output),
		unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil))
	if nice := unix.Setpriority(unix.PRIO_PGRP, pid, niceness); nice != nil {
		err = errors.Join(err, fmt.Errorf("ffmpeg: lower priority: %w", nice))
	}
	if errors.Is(err, unix.ESRCH) {
		return nil // it has ended already; Wait says how
	}
	return err
}
