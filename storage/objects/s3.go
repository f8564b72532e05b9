package objects

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/logging"

	"backrow/storage"
)

// What S3Options has where nothing is said.
const (
	DefaultRegion    = "us-east-1"
	DefaultPartBytes = 16 << 20
	DefaultTimeout   = 30 * time.Second
)

// The limits of S3 itself.
const (
	minPartBytes = 5 << 20
	maxParts     = 10_000
	maxBytes     = 5 << 40
)

// slowestBytes is what a store or a line must carry in a second to count as alive: a request's
// deadline is the timeout and a second more for each of them in its body.
const slowestBytes = 1 << 20

// attempts is how often a request is sent before its failure is reported: enough for a
// connection that was closed under it, and not so often that a caller's own queue waits.
const attempts = 3

// backoff is the longest wait before a request is sent again: someone stands before the screen.
const backoff = 300 * time.Millisecond

// S3Options name an S3-compatible store and say how to speak with it.
type S3Options struct {
	Endpoint  string // https://host[:port]; empty: Amazon's own for the region
	Region    string // empty: DefaultRegion
	Bucket    string // made when it is absent
	AccessKey string
	SecretKey string
	PathStyle bool // https://host/bucket/key and not https://bucket.host/key

	// Timeout bounds a request with all its attempts, from first byte to answer, plus a second
	// for each MiB it carries; while an object is read it bounds the wait for the next bytes.
	// Zero: DefaultTimeout.
	Timeout time.Duration
	// PartBytes is the size over which a body is sent in parts, and theirs; at least 5 MiB.
	// Zero: DefaultPartBytes.
	PartBytes int64
	// HTTPClient carries the requests. Nil: one of the store's own.
	HTTPClient *http.Client
}

// S3 is a Store in one bucket of an S3-compatible service.
type S3 struct {
	client    *s3.Client
	http      *http.Client
	bucket    string
	timeout   time.Duration
	partBytes int64
}

var _ Store = (*S3)(nil)

// NewS3 opens a store, and makes its bucket when that is absent. Errors: storage.Invalid for
// options that cannot be right, storage.Unavailable when the store does not answer or refuses.
func NewS3(ctx context.Context, o S3Options) (*S3, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	s := &S3{http: o.HTTPClient, bucket: o.Bucket, timeout: o.Timeout, partBytes: o.PartBytes}
	s.client = s3.New(s3.Options{
		Region:       o.Region,
		BaseEndpoint: endpoint(o.Endpoint),
		UsePathStyle: o.PathStyle,
		HTTPClient:   o.HTTPClient,
		Credentials:  credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, ""),
		// New leaves it off where LoadDefaultConfig would have switched it on.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		// Get checks for itself, also what was sent in parts, which the client cannot.
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		Logger:                     logging.Nop{},
		Retryer: retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts = attempts
			r.MaxBackoff = backoff
			r.RateLimiter = ratelimit.None // an outage must not use up the retries of what follows
		}),
	})
	if err := s.makeBucket(ctx, o.Region); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close gives up the idle connections. The store may be used no more.
func (s *S3) Close() { s.http.CloseIdleConnections() }

// Check reports whether the store answers and the bucket may be read and written: it writes,
// reads and deletes an object of a few bytes.
func (s *S3) Check(ctx context.Context) error {
	key := "check/" + string(storage.NewID())
	if err := s.Put(ctx, key, strings.NewReader(key), int64(len(key)), PutOptions{}); err != nil {
		return err
	}
	_, err := s.Stat(ctx, key)
	return errors.Join(err, s.Delete(ctx, key))
}

func (s *S3) makeBucket(ctx context.Context, region string) error {
	limited, cancel := s.limit(ctx, 0)
	defer cancel()
	_, err := s.client.HeadBucket(limited, &s3.HeadBucketInput{Bucket: &s.bucket})
	if err == nil {
		return nil
	}
	if status(err) != http.StatusNotFound {
		return s.failure(ctx, "look for bucket", s.bucket, err)
	}
	input := &s3.CreateBucketInput{Bucket: &s.bucket}
	if region != DefaultRegion { // which Amazon refuses to be told
		input.CreateBucketConfiguration = &types.CreateBucketConfiguration{
			LocationConstraint: types.BucketLocationConstraint(region),
		}
	}
	_, err = s.client.CreateBucket(limited, input)
	var owned *types.BucketAlreadyOwnedByYou // another node was first
	if err != nil && !errors.As(err, &owned) {
		return s.failure(ctx, "make bucket", s.bucket, err)
	}
	return nil
}

// limit gives ctx the deadline of a request that carries so many bytes.
func (s *S3) limit(ctx context.Context, carried int64) (context.Context, context.CancelFunc) {
	more := time.Duration(carried/slowestBytes) * time.Second
	return context.WithTimeout(ctx, s.timeout+more)
}

func (o *S3Options) complete() error {
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.PartBytes == 0 {
		o.PartBytes = DefaultPartBytes
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Transport: transport()}
	}
	address, err := url.Parse(o.Endpoint)
	switch {
	case o.Endpoint != "" && (err != nil || address.Host == "" ||
		address.Scheme != "http" && address.Scheme != "https"):
		return storage.Errorf(storage.Invalid,
			"The object store's address %q must look like https://host or https://host:port.",
			o.Endpoint)
	case o.Bucket == "":
		return storage.Errorf(storage.Invalid, "The object store needs the name of a bucket.")
	case o.AccessKey == "" || o.SecretKey == "":
		return storage.Errorf(storage.Invalid,
			"The object store needs an access key and a secret key.")
	case o.PartBytes < minPartBytes:
		return storage.Errorf(storage.Invalid,
			"The part size must be at least 5 MiB: S3 stores refuse smaller parts.")
	case o.Timeout < 0:
		return storage.Errorf(storage.Invalid, "The object store's timeout must be positive.")
	}
	return nil
}

func endpoint(address string) *string {
	if address == "" {
		return nil
	}
	return &address
}

// transport is net/http's default with connections enough for many recordings at once: two idle
// ones a host, the default, means a new connection for nearly every segment.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 64, 64
	return t
}
