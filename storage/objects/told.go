package objects

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/versity/versitygw/s3err"
)

// told gives an error the S3 form in which it reaches the client: a full disk as what it is,
// wherever in the back end it was noticed, and what nobody foresaw as an internal error, which is
// logged here, once.
func (d *durable) told(did, bucket, key string, err error) error {
	var known s3err.S3Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return s3err.GetAPIError(s3err.ErrNoSpaceLeftOnDevice)
	case errors.Is(err, syscall.EDQUOT):
		return s3err.GetAPIError(s3err.ErrQuotaExceeded)
	case errors.As(err, &known) && !d.mistaken(known, bucket, key):
		return known
	case d.full():
		return s3err.GetAPIError(s3err.ErrNoSpaceLeftOnDevice)
	}
	d.log.Error("embedded object store failed", "did", did, "bucket", bucket, "key", key, "err", err)
	return s3err.GetAPIError(s3err.ErrInternalError)
}

// mistaken tells an error that is not what it says: the back end calls whatever goes wrong while
// a file gets its folder and name an ExistingObjectIsDirectory, a full disk too.
func (d *durable) mistaken(err s3err.S3Error, bucket, key string) bool {
	if err.BaseError().Code != s3err.GetAPIError(s3err.ErrExistingObjectIsDirectory).Code {
		return false
	}
	path := filepath.Join(d.root, bucket, key)
	if at, err := os.Stat(path); err == nil {
		return !at.IsDir()
	}
	for folder := filepath.Dir(path); len(folder) > len(d.root); folder = filepath.Dir(folder) {
		if at, err := os.Stat(folder); err == nil && !at.IsDir() {
			return false
		}
	}
	return true
}
