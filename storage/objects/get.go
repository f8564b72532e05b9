package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"backrow/storage"
)

// Get implements Getter. A whole object is checked against its SHA-256 as it is read: where it
// does not match, the last Read is a storage.Unavailable in the place of io.EOF.
func (s *S3) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error) {
	if err := CheckKey(key); err != nil {
		return nil, Info{}, err
	}
	if offset < 0 {
		return nil, Info{}, storage.Errorf(storage.Invalid, "An object begins at byte 0.")
	}
	if length == 0 { // which HTTP has no range for
		return s.nothing(ctx, key, offset)
	}
	reading, cancel := context.WithCancelCause(ctx)
	watch := watch(s.timeout, cancel)
	input := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key, Range: byteRange(offset, length)}
	answer, err := s.client.GetObject(reading, input)
	watch.pause()
	if err != nil {
		watch.stop()
		err = slow(reading, err)
		if status(err) == http.StatusRequestedRangeNotSatisfiable {
			return s.nothing(ctx, key, offset)
		}
		return nil, Info{}, s.failure(ctx, "get", key, err)
	}
	info := Info{
		Key:       key,
		Bytes:     total(answer),
		ETag:      strings.Trim(aws.ToString(answer.ETag), `"`),
		MediaType: aws.ToString(answer.ContentType),
		SHA256:    answer.Metadata[hashKey],
		Changed:   aws.ToTime(answer.LastModified),
	}
	told := func(err error) error { return s.failure(ctx, "read", key, slow(reading, err)) }
	b := &body{from: answer.Body, watch: watch, told: told}
	if input.Range == nil && info.SHA256 != "" {
		b.sum, b.want = sha256.New(), info.SHA256
	}
	return b, info, nil
}

// nothing opens an empty stretch of an object: one of no length, or any of an empty object.
func (s *S3) nothing(ctx context.Context, key string, offset int64) (io.ReadCloser, Info, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	if info.Bytes > 0 && offset >= info.Bytes {
		return nil, Info{}, storage.Errorf(storage.Invalid,
			"The object has %d bytes and ends before byte %d.", info.Bytes, offset)
	}
	return io.NopCloser(bytes.NewReader(nil)), info, nil
}

// Stat implements Getter.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	limited, cancel := s.limit(ctx, 0)
	defer cancel()
	answer, err := s.client.HeadObject(limited, &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return Info{}, s.failure(ctx, "stat", key, err)
	}
	return Info{
		Key:       key,
		Bytes:     aws.ToInt64(answer.ContentLength),
		ETag:      strings.Trim(aws.ToString(answer.ETag), `"`),
		MediaType: aws.ToString(answer.ContentType),
		SHA256:    answer.Metadata[hashKey],
		Changed:   aws.ToTime(answer.LastModified),
	}, nil
}

// Delete implements Deleter.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	limited, cancel := s.limit(ctx, 0)
	defer cancel()
	_, err := s.client.DeleteObject(limited, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil && code(err) != "NoSuchKey" {
		return s.failure(ctx, "delete", key, err)
	}
	return nil
}

// List implements Lister.
func (s *S3) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	if limit < 1 || limit > 1000 {
		return nil, storage.Errorf(storage.Invalid, "A list has 1 to 1000 objects.")
	}
	limited, cancel := s.limit(ctx, 0)
	defer cancel()
	var list []Info
	for input := s.listInput(prefix, after); ; {
		input.MaxKeys = aws.Int32(int32(limit - len(list)))
		page, err := s.client.ListObjectsV2(limited, input)
		if err != nil {
			return nil, s.failure(ctx, "list", prefix, err)
		}
		for _, o := range page.Contents {
			list = append(list, Info{
				Key:     aws.ToString(o.Key),
				Bytes:   aws.ToInt64(o.Size),
				Changed: aws.ToTime(o.LastModified),
			})
		}
		if len(list) >= limit || !aws.ToBool(page.IsTruncated) {
			return list, nil
		}
		input.ContinuationToken = page.NextContinuationToken
	}
}

func (s *S3) listInput(prefix, after string) *s3.ListObjectsV2Input {
	input := &s3.ListObjectsV2Input{Bucket: &s.bucket}
	if prefix != "" {
		input.Prefix = &prefix
	}
	if after != "" {
		input.StartAfter = &after
	}
	return input
}

func byteRange(offset, length int64) *string {
	switch {
	case offset == 0 && length < 0:
		return nil
	case length < 0, length > math.MaxInt64-offset:
		return aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	return aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
}

// total is the size of the whole object: behind the slash of Content-Range (RFC 9110, 14.4).
func total(answer *s3.GetObjectOutput) int64 {
	if _, size, ok := strings.Cut(aws.ToString(answer.ContentRange), "/"); ok {
		if n, err := strconv.ParseInt(size, 10, 64); err == nil {
			return n
		}
	}
	return aws.ToInt64(answer.ContentLength)
}
