package objects

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"

	"backrow/storage"
)

const (
	embeddedBucket = "backrow"
	embeddedKey    = "backrow" // one for ever: buckets remember their owner
	// embeddedRequests is how many requests the embedded store works on at once, each with a
	// buffer of 1 MiB while it writes. What comes beyond them is told to slow down, and retried.
	embeddedRequests = 256
)

// running is true while a process has an embedded store. The gateway's own settings are global to
// its package, and its file system back end lives in the process's working directory.
var running atomic.Bool

// Embedded is a Store in a folder, for an installation without an object store: versitygw in the
// same process, reached through the same S3 client as any other. A process has one at a time.
//
// While it runs, the process's working directory is inside its folder, so every other path that
// the process uses must be absolute; Close goes back to where it was.
type Embedded struct {
	*S3
	options S3Options
	socket  socket
	stop    context.CancelFunc
	ended   chan struct{} // closed when the gateway has ended, after failed is set
	failed  error
	back    string // the working directory before
}

var _ Store = (*Embedded)(nil)

// StartEmbedded opens the store in a folder, which it makes when it is absent. ctx bounds the
// start only; Close ends the store. Errors: storage.Conflict when the process runs one already,
// storage.Unavailable when the folder cannot be used.
func StartEmbedded(ctx context.Context, folder string, log *slog.Logger) (*Embedded, error) {
	return startEmbedded(ctx, folder, log, (*os.File).Sync)
}

func startEmbedded(ctx context.Context, folder string, log *slog.Logger,
	sync func(*os.File) error) (*Embedded, error) {
	if !running.CompareAndSwap(false, true) {
		return nil, storage.Errorf(storage.Conflict,
			"This process has an embedded object store already: close that one first.")
	}
	e, err := openEmbedded(folder, log, sync)
	if err != nil {
		running.Store(false)
		return nil, err
	}
	if e.S3, err = e.Bucket(ctx, embeddedBucket); err != nil {
		return nil, errors.Join(err, e.Close(context.WithoutCancel(ctx)))
	}
	return e, nil
}

func openEmbedded(folder string, log *slog.Logger, sync func(*os.File) error) (*Embedded, error) {
	back, err := os.Getwd()
	if err != nil {
		return nil, unusable(folder, err)
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, unusable(folder, err)
	}
	files, err := openDurable(folder, log, sync)
	if err != nil {
		return nil, errors.Join(unusable(folder, err), os.Chdir(back))
	}
	socket, err := newSocket()
	if err != nil {
		return nil, errors.Join(unusable(folder, err), os.Chdir(back))
	}
	e := &Embedded{socket: socket, back: back, ended: make(chan struct{})}
	e.options = S3Options{
		Endpoint:   "http://embedded.invalid", // a name that is never looked up: see socket.dial
		AccessKey:  embeddedKey,
		SecretKey:  rand.Text(),
		PathStyle:  true,
		HTTPClient: &http.Client{Transport: e.transport()},
	}
	return e, e.run(files)
}

// run starts the gateway and waits until it listens or has failed.
func (e *Embedded) run(files *durable) error {
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	ready := make(chan struct{})
	owner := auth.Account{
		Access: e.options.AccessKey,
		Secret: e.options.SecretKey,
		Role:   auth.RoleAdmin,
	}
	config := &embedgw.Config{
		RootUserAccess:    owner.Access,
		RootUserSecret:    owner.Secret,
		IAMService:        auth.NewIAMServiceSingle(owner), // given, or it is announced on stdout
		Region:            DefaultRegion,
		Ports:             []string{e.socket.address},
		SocketPerm:        "0600",
		MaxConnections:    4 * embeddedRequests,
		MaxRequests:       embeddedRequests,
		MultipartMaxParts: maxParts,
		KeepAlive:         true, // off, every request would pay for a connection
		Quiet:             true,
		DisableACLs:       true,
		S3Options:         []s3api.Option{s3api.WithOnListen(func() { close(ready) })},
	}
	go func() {
		defer close(e.ended)
		e.failed = embedgw.RunVersityGW(ctx, files, config)
	}()
	select {
	case <-ready:
		return nil
	case <-e.ended:
		stop()
		return errors.Join(unusable(files.root, e.failed), e.socket.remove(), os.Chdir(e.back))
	}
}

// Bucket opens another bucket of the same store. It is a Store of its own, which lasts as long as
// the embedded store.
func (e *Embedded) Bucket(ctx context.Context, name string) (*S3, error) {
	options := e.options
	options.Bucket = name
	return NewS3(ctx, options)
}

// Close lets the requests under way finish, for up to 10 s, and ends the store. It returns when
// nothing of it runs any more, or when ctx ends. Close is called once.
func (e *Embedded) Close(ctx context.Context) error {
	e.options.HTTPClient.CloseIdleConnections()
	e.stop()
	select {
	case <-e.ended:
	case <-ctx.Done():
		return storage.Errorf(storage.Unavailable,
			"The embedded object store did not end in time. %w", ctx.Err())
	}
	err := errors.Join(e.failed, e.socket.remove(), os.Chdir(e.back))
	running.Store(false)
	return err
}

func (e *Embedded) transport() *http.Transport {
	t := transport()
	t.Proxy = nil
	t.DialContext = e.socket.dial
	return t
}

func unusable(folder string, err error) error {
	return storage.Errorf(storage.Unavailable,
		"The folder %s cannot hold the embedded object store. Check that it exists, is on a "+
			"disk with room and may be written. %w", folder, err)
}

// socket is where the embedded store listens: a Unix socket, which no other machine reaches; on
// Linux an abstract one, which leaves no file behind.
type socket struct {
	address string
	folder  string // to be removed with the store; "" when there is none
}

func newSocket() (socket, error) {
	if runtime.GOOS == "linux" {
		return socket{address: "@backrow-objects-" + rand.Text()}, nil
	}
	folder, err := os.MkdirTemp("", "backrow") // short: a socket's path has about 100 bytes
	return socket{address: filepath.Join(folder, "objects"), folder: folder}, err
}

func (s socket) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", s.address)
}

func (s socket) remove() error {
	if s.folder == "" {
		return nil
	}
	return os.RemoveAll(s.folder)
}
