package objects

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"backrow/storage"
)

// hashKey is the metadata under which an object carries the SHA-256 of its whole content: the
// store's own checksum of an object sent in parts is another.
const hashKey = "sha256"

// Put implements Putter. The content's SHA-256 is worked out when the caller did not give it, so
// that every object has one and the store always has something to check.
func (s *S3) Put(ctx context.Context, key string, body io.ReadSeeker, size int64,
	options PutOptions) error {
	whole, err := s.checkPut(key, body, size)
	if err != nil {
		return err
	}
	if options.SHA256 == "" {
		if options.SHA256, err = sumOf(whole); err != nil {
			return unreadable(err)
		}
	}
	sum, err := hex.DecodeString(options.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return storage.Errorf(storage.Invalid,
			"The hash of an object must be a SHA-256 in hexadecimal.")
	}
	options.SHA256 = hex.EncodeToString(sum)
	if size > s.partBytes {
		err = s.putParts(ctx, key, whole, options)
	} else {
		err = s.putWhole(ctx, key, whole, sum, options)
	}
	if options.Fresh && taken(err) {
		return s.same(ctx, key, size, options.SHA256, err)
	}
	var told *storage.Error
	if err == nil || errors.As(err, &told) {
		return err
	}
	return s.failure(ctx, "put", key, err)
}

func (s *S3) putWhole(ctx context.Context, key string, body *section, sum []byte,
	options PutOptions) error {
	limited, cancel := s.limit(ctx, body.size)
	defer cancel()
	_, err := s.client.PutObject(limited, &s3.PutObjectInput{
		Bucket:         &s.bucket,
		Key:            &key,
		Body:           body,
		ContentLength:  &body.size,
		ContentType:    mediaType(options),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum)),
		Metadata:       map[string]string{hashKey: options.SHA256},
		IfNoneMatch:    ifFresh(options),
	})
	return err
}

// taken tells that a fresh Put was refused for the key's sake: it was there, or another Put of it
// was under way.
func taken(err error) bool {
	return status(err) == http.StatusPreconditionFailed || code(err) == "ConditionalRequestConflict"
}

// same settles a fresh Put whose key was taken: by this very content, sent before by someone
// whose answer was lost, or by another.
func (s *S3) same(ctx context.Context, key string, size int64, sum string, refusal error) error {
	there, err := s.Stat(ctx, key)
	if storage.KindOf(err) == storage.NotFound {
		return s.failure(ctx, "put", key, refusal)
	}
	if err != nil {
		return err
	}
	if there.SHA256 == "" && there.Bytes == size {
		if there.SHA256, err = s.rehash(ctx, key); err != nil {
			return err
		}
	}
	if there.Bytes == size && there.SHA256 == sum {
		return nil
	}
	return storage.Errorf(storage.Conflict,
		"There is another object under this name already. %w", refusal)
}

// rehash reads an object that was stored by other means than Put.
func (s *S3) rehash(ctx context.Context, key string) (string, error) {
	body, _, err := s.Get(ctx, key, 0, -1)
	if err != nil {
		return "", err
	}
	defer body.Close()
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// checkPut refuses what no store could take, and returns the body as a section of its own, which
// the client can neither close nor read past.
func (s *S3) checkPut(key string, body io.ReadSeeker, size int64) (*section, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if size < 0 || size > maxBytes {
		return nil, storage.Errorf(storage.TooLarge, "An object may have up to 5 TiB.")
	}
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, unreadable(err)
	}
	end, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, unreadable(err)
	}
	if end-start != size {
		return nil, storage.Errorf(storage.Invalid,
			"An object of %d bytes was announced, and %d are there.", size, end-start)
	}
	return newSection(body, start, size)
}

func sumOf(body *section) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return "", err
	}
	_, err := body.Seek(0, io.SeekStart)
	return hex.EncodeToString(h.Sum(nil)), err
}

func unreadable(err error) error {
	return storage.Errorf(storage.Internal, "What was to be stored cannot be read. %w", err)
}

func mediaType(options PutOptions) *string {
	if options.MediaType == "" {
		return aws.String("application/octet-stream")
	}
	return &options.MediaType
}

func ifFresh(options PutOptions) *string {
	if options.Fresh {
		return aws.String("*")
	}
	return nil
}
