// Package objects keeps the media: blobs under keys, in any S3-compatible store or in the store
// that is embedded in the binary, reached through the same aws-sdk-go-v2 client. A Put that has
// returned is durable. What a store must do is written at the interfaces and checked by the
// suite in objectstest.
package objects

import (
	"context"
	"io"
	"time"
)

// Info is what a store knows of an object.
type Info struct {
	Key       string
	Bytes     int64
	ETag      string
	MediaType string
	SHA256    string // hexadecimal; empty where the store was not told
	Changed   time.Time
}

// PutOptions say how an object is stored.
type PutOptions struct {
	MediaType string
	// SHA256 is the content's hash in hexadecimal. When it is given the store is made to check
	// it, and a Put whose bytes do not match fails without leaving an object.
	SHA256 string
	// Fresh refuses to replace: when the key exists already with the same size and hash the Put
	// succeeds without writing, and with another content it is a storage.Conflict.
	Fresh bool
}

// Putter stores objects. A Put is all or nothing, and durable when it returns.
type Putter interface {
	// Put stores size bytes of body under key. A large body (over the client's part size) is sent
	// in parts. Errors: storage.Conflict, storage.TooLarge, storage.Unavailable (store away or
	// full; nothing was stored), storage.Invalid (bad key or wrong hash).
	Put(ctx context.Context, key string, body io.ReadSeeker, size int64, options PutOptions) error
}

// Getter reads objects.
type Getter interface {
	// Get opens an object from offset, length bytes of it, or to the end when length is negative.
	// The caller closes the body. Errors: storage.NotFound, storage.Unavailable, storage.Invalid
	// for an offset at or past the end of an object that is not empty.
	Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)
	// Stat tells of an object without reading it. Errors: storage.NotFound, storage.Unavailable.
	Stat(ctx context.Context, key string) (Info, error)
}

// Deleter removes objects. Deleting what is not there succeeds.
type Deleter interface {
	Delete(ctx context.Context, key string) error
}

// Lister lists objects in the order of their keys.
type Lister interface {
	// List returns at most limit objects (1–1000) whose keys begin with prefix and come after
	// the key given ("" : from the first). Info has Key, Bytes and Changed only.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)
}

// Store is a whole store. It is safe for concurrent use.
type Store interface {
	Putter
	Getter
	Deleter
	Lister
	// Check reports whether the store answers and the bucket may be read and written.
	Check(ctx context.Context) error
}
