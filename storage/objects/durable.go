package objects

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3response"
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
// ever stands for torn content; then the file with its attributes, and every folder above it.
type durable struct {
	*posix.Posix
	root    string // absolute
	sidecar string // absolute; "" where attributes are in the files themselves
	sync    func(*os.File) error
	log     *slog.Logger
}

func openDurable(folder string, log *slog.Logger, sync func(*os.File) error) (*durable, error) {
	d := &durable{root: filepath.Join(folder, filesFolder), sync: sync, log: log}
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
	options := posix.PosixOpts{SideCarDir: d.sidecar, CopyObjectThreshold: copyLimit}
	options.SetNewDirPerm(0o700)
	options.SetNewFilePerm(0o600)
	d.Posix, err = posix.New(d.root, attributes, options)
	return d, err
}

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

// clear removes what uploads that a crash ended have left in the buckets.
func (d *durable) clear() error {
	buckets, err := os.ReadDir(d.root)
	for _, bucket := range buckets {
		unfinished := filepath.Join(d.root, bucket.Name(), posix.MetaTmpDir)
		if _, absent := os.Stat(unfinished); absent == nil {
			err = errors.Join(err, os.RemoveAll(unfinished), os.Mkdir(unfinished, 0o700))
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
	output, err := d.Posix.PutObjectWithPostFunc(ctx, input, d.sync)
	if err == nil {
		err = d.settle(*input.Bucket, *input.Key)
	}
	return output, d.told("put", *input.Bucket, *input.Key, err)
}

func (d *durable) UploadPart(ctx context.Context, input *s3.UploadPartInput) (
	*s3.UploadPartOutput, error) {
	output, err := d.Posix.UploadPart(ctx, input) // synced when it becomes part of the whole
	return output, d.told("upload part", *input.Bucket, *input.Key, err)
}

func (d *durable) CompleteMultipartUpload(ctx context.Context, input *s3.CompleteMultipartUploadInput) (
	s3response.CompleteMultipartUploadResult, string, error) {
	var unsynced error
	join := func(part, whole *os.File) (again bool, err error) {
		if _, err := io.Copy(whole, part); err != nil {
			return true, err
		}
		// An error returned would have the part copied a second time.
		unsynced = errors.Join(unsynced, d.sync(whole))
		return true, nil
	}
	output, version, err := d.Posix.CompleteMultipartUploadWithCopy(ctx, input, join)
	if err == nil && unsynced == nil {
		err = d.settle(*input.Bucket, *input.Key)
	}
	return output, version, d.told("complete", *input.Bucket, *input.Key, errors.Join(err, unsynced))
}

func (d *durable) CopyObject(ctx context.Context, input s3response.CopyObjectInput) (
	s3response.CopyObjectOutput, error) {
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
	path = filepath.Join(path, "meta") // meta.SideCar's folder of an object's attributes
	kept, err := os.ReadDir(filepath.Join(d.sidecar, path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, attribute := range kept {
		err = errors.Join(err, d.syncFile(filepath.Join(d.sidecar, path, attribute.Name())))
	}
	return errors.Join(err, d.syncUp(d.sidecar, path, "."))
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
	return errors.Join(d.sync(f), f.Close())
}
