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
	case errors.As(err, &known) && known.BaseError().Code != inTheWay.Code:
		return known
	case d.clash(bucket, key):
		return inTheWay
	case d.full():
		return s3err.GetAPIError(s3err.ErrNoSpaceLeftOnDevice)
	}
	d.log.Error("embedded object store failed", "did", did, "bucket", bucket, "key", key, "err", err)
	return s3err.GetAPIError(s3err.ErrInternalError)
}

// inTheWay is also what the back end calls whatever else goes wrong while a file gets its folder
// and its name, a full disk too: it is looked into.
var inTheWay = s3err.GetAPIError(s3err.ErrExistingObjectIsDirectory)

// clash tells that an object cannot be: its name is a folder, or a folder of its is an object.
func (d *durable) clash(bucket, key string) bool {
	path := filepath.Join(d.root, bucket, key)
	if at, err := os.Stat(path); err == nil {
		return at.IsDir()
	}
	for folder := filepath.Dir(path); len(folder) > len(d.root); folder = filepath.Dir(folder) {
		if at, err := os.Stat(folder); err == nil {
			return !at.IsDir()
		}
	}
	return false
}
