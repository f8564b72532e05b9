package objects

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"backrow/storage"
)

// putParts sends a body part after part, so that memory stays flat whatever its size, and only
// completes the upload when the whole had the hash that was announced.
func (s *S3) putParts(ctx context.Context, key string, body *section, options PutOptions) error {
	limited, cancel := s.limit(ctx, 0)
	defer cancel()
	upload, err := s.client.CreateMultipartUpload(limited, &s3.CreateMultipartUploadInput{
		Bucket:            &s.bucket,
		Key:               &key,
		ContentType:       mediaType(options),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		Metadata:          map[string]string{hashKey: options.SHA256},
	})
	if err != nil {
		return err
	}
	err = s.sendParts(ctx, key, upload.UploadId, body, options)
	if err != nil {
		s.abort(ctx, key, upload.UploadId)
	}
	return err
}

func (s *S3) sendParts(ctx context.Context, key string, upload *string, body *section,
	options PutOptions) error {
	var (
		parts []types.CompletedPart
		whole = sha256.New()
		size  = max(s.partBytes, (body.size+maxParts-1)/maxParts)
	)
	for start := int64(0); start < body.size; start += size {
		part, err := newSection(body, start, min(size, body.size-start))
		if err != nil {
			return err
		}
		sent, err := s.sendPart(ctx, key, upload, int32(len(parts)+1), part, whole)
		if err != nil {
			return err
		}
		parts = append(parts, sent)
	}
	if hex.EncodeToString(whole.Sum(nil)) != options.SHA256 {
		return storage.Errorf(storage.Invalid,
			"What arrived is not what was sent, and was not stored.")
	}
	limited, cancel := s.limit(ctx, body.size) // the store puts the parts together meanwhile
	defer cancel()
	_, err := s.client.CompleteMultipartUpload(limited, &s3.CompleteMultipartUploadInput{
		Bucket:          &s.bucket,
		Key:             &key,
		UploadId:        upload,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		IfNoneMatch:     ifFresh(options),
	})
	return err
}

func (s *S3) sendPart(ctx context.Context, key string, upload *string, number int32,
	part *section, whole hash.Hash) (types.CompletedPart, error) {
	own := sha256.New()
	if _, err := io.Copy(io.MultiWriter(own, whole), part); err != nil {
		return types.CompletedPart{}, unreadable(err)
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return types.CompletedPart{}, unreadable(err)
	}
	limited, cancel := s.limit(ctx, part.size)
	defer cancel()
	sum := aws.String(base64.StdEncoding.EncodeToString(own.Sum(nil)))
	answer, err := s.client.UploadPart(limited, &s3.UploadPartInput{
		Bucket:         &s.bucket,
		Key:            &key,
		UploadId:       upload,
		PartNumber:     &number,
		Body:           part,
		ContentLength:  &part.size,
		ChecksumSHA256: sum,
	})
	if err != nil {
		return types.CompletedPart{}, err
	}
	return types.CompletedPart{ETag: answer.ETag, PartNumber: &number, ChecksumSHA256: sum}, nil
}

// abort frees the parts of an upload that failed, also when that was because the caller gave up.
// What a store keeps of those that it could not be told of is for its own lifecycle rules.
func (s *S3) abort(ctx context.Context, key string, upload *string) {
	limited, cancel := s.limit(context.WithoutCancel(ctx), 0)
	defer cancel()
	_, _ = s.client.AbortMultipartUpload(limited, &s3.AbortMultipartUploadInput{
		Bucket: &s.bucket, Key: &key, UploadId: upload,
	})
}
