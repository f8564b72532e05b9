//go:build unix

package objects

import "syscall"

// full tells that the disk has no blocks or no files left for this process's user.
func (d *durable) full() bool {
	var disk syscall.Statfs_t
	return syscall.Statfs(d.root, &disk) == nil &&
		(disk.Bavail == 0 || disk.Files > 0 && disk.Ffree == 0)
}
