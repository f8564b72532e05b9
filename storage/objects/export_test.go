package objects

import (
	"bytes"
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// StartEmbeddedSyncing is StartEmbedded with another function in the place of (*os.File).Sync.
func StartEmbeddedSyncing(ctx context.Context, folder string, log *slog.Logger,
	sync func(*os.File) error) (*Embedded, error) {
	return startEmbedded(ctx, folder, log, sync)
}

// Options are what reaches the embedded store, without a bucket.
func (e *Embedded) Options() S3Options { return e.options }

// Client is what the store speaks through, and its bucket.
func (s *S3) Client() (*s3.Client, string) { return s.client, s.bucket }

// BeginUpload sends a part and leaves it at that, as a crash would.
func (s *S3) BeginUpload(ctx context.Context, key string, part []byte) error {
	upload, err := s.client.CreateMultipartUpload(ctx,
		&s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return err
	}
	number := int32(1)
	_, err = s.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &s.bucket, Key: &key,
		UploadId: upload.UploadId, PartNumber: &number, Body: bytes.NewReader(part)})
	return err
}
