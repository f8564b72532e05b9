//go:build !linux

package ffmpeg

import "syscall"

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// limit: only Linux can bound another process. -fs and the time limit hold everywhere.
func limit(int, Limits) error { return nil }
