package objects

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/s3response"
)

// attributes are kept in the files where the file system can, otherwise beside them; and beside
// them for ever in a folder that was begun so.
func (d *durable) attributes(sidecar string) (meta.MetadataStorer, error) {
	_, err := os.Stat(sidecar)
	if errors.Is(err, fs.ErrNotExist) && (meta.XattrMeta{}).Test(d.root) == nil {
		return meta.XattrMeta{}, nil
	}
	if err := os.MkdirAll(sidecar, 0o700); err != nil {
		return nil, err
	}
	d.sidecar = sidecar
	return meta.NewSideCar(sidecar)
}

// alone has writes follow one another where attributes are beside the files: the two are not
// written as one, and folders of attributes come and go. What attributes a crash has left of an
// object that never was are removed, or its key would be taken for ever. It returns what ends the
// write.
func (d *durable) alone(bucket, key string) func() {
	if d.sidecar == "" {
		return func() {}
	}
	d.writing.Lock()
	if _, err := os.Stat(filepath.Join(d.root, bucket, key)); errors.Is(err, fs.ErrNotExist) {
		_ = os.RemoveAll(filepath.Join(d.sidecar, bucket, key, attributesFolder))
	}
	return d.writing.Unlock
}

// attributesFolder is where meta.SideCar keeps an object's attributes, each a file.
const attributesFolder = "meta"

// settleSidecar makes the attributes of the object at path last, and the folders above them.
func (d *durable) settleSidecar(path string) error {
	path = filepath.Join(path, attributesFolder)
	kept, err := os.ReadDir(filepath.Join(d.sidecar, path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, attribute := range kept {
		err = errors.Join(err, d.syncFile(filepath.Join(d.sidecar, path, attribute.Name())))
	}
	return errors.Join(err, d.syncUp(d.sidecar, path, "."))
}

func (d *durable) CreateMultipartUpload(ctx context.Context, input s3response.CreateMultipartUploadInput) (
	s3response.InitiateMultipartUploadResult, error) {
	defer d.alone(*input.Bucket, *input.Key)()
	result, err := d.Posix.CreateMultipartUpload(ctx, input)
	return result, d.told("create upload", *input.Bucket, *input.Key, err)
}

func (d *durable) AbortMultipartUpload(ctx context.Context, input *s3.AbortMultipartUploadInput) error {
	defer d.alone(*input.Bucket, *input.Key)()
	return d.told("abort upload", *input.Bucket, *input.Key, d.Posix.AbortMultipartUpload(ctx, input))
}

func (d *durable) DeleteObject(ctx context.Context, input *s3.DeleteObjectInput) (
	*s3.DeleteObjectOutput, error) {
	defer d.alone(*input.Bucket, *input.Key)()
	output, err := d.Posix.DeleteObject(ctx, input)
	return output, d.told("delete", *input.Bucket, *input.Key, err)
}
