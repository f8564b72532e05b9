package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"backrow/storage"
)

// lockFolder keeps the data folder for this process until the returned function is called or the
// process ends, however it ends. Two servers in one folder would send each other's spool on and
// finish each other's recordings.
func lockFolder(folder string) (release func() error, err error) {
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, storage.Errorf(storage.Unavailable,
			"The data folder %s cannot be written to. Name another with --data. %w", folder, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file.Close, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, storage.Errorf(storage.Conflict,
			"Another Backrow is serving from %s. Stop it first, or name another folder with --data.", folder)
	}
	return nil, storage.Errorf(storage.Unavailable, "The file %s cannot be locked. %w", path, err)
}
