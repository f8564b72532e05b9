package objects

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"
	"golang.org/x/sync/singleflight"
)

// Inside the folder of the embedded store.
const (
	filesFolder   = "files"   // buckets, and in them an object as a file
	sidecarFolder = "sidecar" // their attributes, where the file system has no extended ones
)

// copyLimit is S3's own for a copy in one request. posix.New takes zero literally, and would
// refuse every copy.
const copyLimit = 5 << 30

// durable is versitygw's file system back end, which never syncs, made to keep its word: an
// answered write survives a power cut. Content is synced before it gets its name, so that no name
// ever stands for torn content (see syncing); then the file with its attributes, and every folder
// above it.
type durable struct {
	*posix.Posix
	root    string               // absolute
	sidecar string               // absolute; "" where attributes are in the files themselves
	flush   func(*os.File) error // (*os.File).Sync but in tests
	log     *slog.Logger

	completing singleflight.Group // by upload
	writing    sync.Mutex         // held by one write at a time where there is a sidecar
}

func openDurable(folder string, log *slog.Logger, flush func(*os.File) error) (*durable, error) {
	d := &durable{root: filepath.Join(folder, filesFolder), flush: flush, log: log}
	if err := os.MkdirAll(d.root, 0o700); err != nil {
		return nil, err
	}
	attributes, err := d.attributes(filepath.Join(folder, sidecarFolder))
	if err != nil {
		return nil, err
	}
	if err := d.clear(); err != nil {
		return nil, err
	}
	options := posix.PosixOpts{CopyObjectThreshold: copyLimit}
	options.SetNewDirPerm(0o700)
	options.SetNewFilePerm(0o600)
	d.Posix, err = posix.New(d.root, syncing{attributes, flush}, options)
	return d, err
}

// clear removes what uploads that a crash ended have left in the buckets.
func (d *durable) clear() error {
	buckets, err := os.ReadDir(d.root)
	for _, bucket := range buckets {
		unfinished := filepath.Join(bucket.Name(), posix.MetaTmpDir)
		if d.sidecar != "" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(d.sidecar, unfinished)))
		}
		if _, absent := os.Stat(filepath.Join(d.root, unfinished)); absent == nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(d.root, unfinished)),
				os.Mkdir(filepath.Join(d.root, unfinished), 0o700))
		}
	}
	return err
}

func (d *durable) CreateBucket(ctx context.Context, input *s3.CreateBucketInput, acl []byte) error {
	err := d.Posix.CreateBucket(ctx, input, acl)
	if err == nil {
		err = d.syncUp(d.root, *input.Bucket, ".")
	}
	return d.told("create bucket", *input.Bucket, "", err)
}

func (d *durable) PutObject(ctx context.Context, input s3response.PutObjectInput) (
	s3response.PutObjectOutput, error) {
	defer d.alone(*input.Bucket, *input.Key)()
	output, err := d.Posix.PutObject(ctx, input)
	if err == nil {
		err = d.settle(*input.Bucket, *input.Key)
	}
	return output, d.told("put", *input.Bucket, *input.Key, err)
}

func (d *durable) UploadPart(ctx context.Context, input *s3.UploadPartInput) (
	*s3.UploadPartOutput, error) {
	defer d.alone(*input.Bucket, *input.Key)()
	output, err := d.Posix.UploadPart(ctx, input) // synced when it becomes part of the whole
	return output, d.told("upload part", *input.Bucket, *input.Key, err)
}

// CompleteMultipartUpload has a second request for the same upload, sent when the first one's
// answer was lost, wait for the first: the back end would answer it before there is an object.
func (d *durable) CompleteMultipartUpload(_ context.Context, input *s3.CompleteMultipartUploadInput) (
	s3response.CompleteMultipartUploadResult, string, error) {
	done, err, _ := d.completing.Do(*input.UploadId, func() (any, error) {
		defer d.alone(*input.Bucket, *input.Key)()
		// Shared by requests, and so bound to the life of none.
		result, _, err := d.Posix.CompleteMultipartUpload(context.Background(), input)
		if err == nil {
			err = d.settle(*input.Bucket, *input.Key)
		}
		return result, err
	})
	result, _ := done.(s3response.CompleteMultipartUploadResult)
	return result, "", d.told("complete", *input.Bucket, *input.Key, err)
}

func (d *durable) CopyObject(ctx context.Context, input s3response.CopyObjectInput) (
	s3response.CopyObjectOutput, error) {
	defer d.alone(*input.Bucket, *input.Key)()
	output, err := d.Posix.CopyObject(ctx, input)
	if err == nil {
		err = d.settle(*input.Bucket, *input.Key)
	}
	return output, d.told("copy", *input.Bucket, *input.Key, err)
}

// settle makes a named object last: the file with its attributes, then the folders that lead to
// it, up to the bucket. An object that someone deleted meanwhile needs no more.
func (d *durable) settle(bucket, key string) error {
	path := filepath.Join(bucket, key)
	err := d.syncUp(d.root, path, bucket)
	if err != nil || d.sidecar == "" {
		return err
	}
	return d.settleSidecar(path)
}

// syncUp syncs what is at path below root, and each folder above it as far as top.
func (d *durable) syncUp(root, path, top string) error {
	for ; ; path = filepath.Dir(path) {
		if err := d.syncFile(filepath.Join(root, path)); err != nil {
			return err
		}
		if path == top || path == "." {
			return nil
		}
	}
}

func (d *durable) syncFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(d.flush(f), f.Close())
}
