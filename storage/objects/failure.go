package objects

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"backrow/storage"
)

// failure turns what the client reported into a storage.Error. ctx is the caller's own, so that
// a caller who gave up is told from a store that was too slow.
func (s *S3) failure(ctx context.Context, did, key string, err error) error {
	cause := fmt.Errorf("%s %s: %w", did, key, err)
	if ctx.Err() != nil {
		return storage.Errorf(storage.Unavailable,
			"The request ended before the store for recordings had answered. %w", cause)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return storage.Errorf(storage.Unavailable,
			"The store for recordings did not answer in time. Please try again in a moment. %w",
			cause)
	}
	if errors.Is(err, errDamaged) {
		return storage.Errorf(storage.Unavailable,
			"What the store for recordings gave back is not what was stored in it. %w", cause)
	}
	kind, message := meaning(status(err), code(err))
	return storage.Errorf(kind, message+" %w", cause)
}

// meaning reads an S3 error. The codes are those of Amazon, MinIO and versitygw.
func meaning(status int, code string) (storage.Kind, string) {
	switch code {
	case "InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return storage.Unavailable, "The store for recordings is full. " +
			"Everything saved before is safe; free some space and try again."
	case "NoSuchBucket":
		return storage.Unavailable, "The bucket for recordings is gone from the object store."
	case "BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest",
		"IncompleteBody":
		return storage.Invalid, "What arrived is not what was sent, and was not stored."
	case "InvalidRange":
		return storage.Invalid, "The object ends before the bytes that were asked for."
	case "EntityTooLarge":
		return storage.TooLarge, "The object is larger than the store takes."
	case "KeyTooLongError", "InvalidArgument", "XMinioInvalidObjectName":
		return storage.Invalid, "The store does not take an object of that name."
	case "ExistingObjectIsDirectory", "ObjectParentIsFile", "XMinioParentIsObject",
		"XMinioObjectExistsAsDirectory":
		return storage.Conflict, "Another object stands where this one's folder would be."
	case "RequestTimeTooSkewed":
		return storage.Unavailable,
			"The clocks of this server and of the object store are too far apart."
	}
	switch {
	case status == http.StatusInsufficientStorage:
		return meaning(0, "InsufficientStorage")
	case status == http.StatusNotFound:
		return storage.NotFound, "There is no such object."
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return storage.Conflict, "There is another object under this name already."
	case status == http.StatusRequestedRangeNotSatisfiable:
		return meaning(0, "InvalidRange")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return storage.Unavailable, "The store for recordings refuses this server's keys."
	case status == http.StatusOK:
		return storage.Unavailable, "What answers in the object store's place is not one."
	case status == 0 || status >= 500 || status == http.StatusTooManyRequests ||
		status == http.StatusRequestTimeout:
		return storage.Unavailable,
			"The store for recordings cannot be reached. Please try again in a moment."
	}
	return storage.Internal, "The object store answered something unexpected."
}

// status is the HTTP status that an error came with, 0 when no answer came.
func status(err error) int {
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		return answer.HTTPStatusCode()
	}
	return 0
}

// code is the S3 error code, "" when there is none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
