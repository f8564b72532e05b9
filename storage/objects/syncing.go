package objects

import (
	"os"
	"strings"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
)

// syncing keeps attributes, and syncs an object's content on the way: every way by which an
// object comes to be stores its ETag while the content is complete and has no name yet, and is
// given up without a trace when that fails.
type syncing struct {
	meta.MetadataStorer
	sync func(*os.File) error
}

func (s syncing) StoreAttribute(f *os.File, bucket, object, attribute string, value []byte) error {
	err := s.MetadataStorer.StoreAttribute(f, bucket, object, attribute, value)
	// A part of an upload is synced when the whole is.
	part := strings.HasPrefix(object, posix.MetaTmpDir)
	if err != nil || attribute != "etag" || f == nil || part {
		return err
	}
	return s.sync(f)
}
