package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"backrow/capture"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/storage/objects"
)

// receive is a process of its own, so that its CPU time and memory are nobody else's: "capture"
// records into a database and a store as the product does; "bare" reads what comes and drops it.
// It prints the address of its WHIP endpoint and ends when its standard input does.
func receive(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("receive", flag.ContinueOnError)
	folder := flags.String("folder", "", "where to record")
	kind := flags.String("kind", "capture", "capture or bare")
	s3 := flags.String("s3", "", "http://KEY:SECRET@HOST:PORT of a store; none: one in this process")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, os.Stdin) // it ends with the process that started this one
	}()
	var publisher whip.Publisher
	switch *kind {
	case "bare":
		b, err := newBare()
		if err != nil {
			return err
		}
		defer b.close()
		publisher = b
	case "capture":
		r, err := openRecorder(ctx, *folder, *s3)
		if err != nil {
			return err
		}
		defer r.close()
		publisher = r
	default:
		return fmt.Errorf("there is no kind %q", *kind)
	}
	return serve(ctx, publisher)
}

// serve mounts the endpoint, and the profiler beside it.
func serve(ctx context.Context, publisher whip.Publisher) error {
	mux := http.NewServeMux()
	mux.Handle("/api/recordings/{id}/takes/{take}/whip", &whip.Handler{Publisher: publisher,
		Fail: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}})
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/heap", pprof.Handler("heap").ServeHTTP)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Println("http://" + listener.Addr().String())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// recorder is capture with all that it stands on.
type recorder struct {
	*capture.Server
	catalogue *storage.Catalogue
	db        *storage.DB
	store     objects.Store
	embedded  *objects.Embedded // nil: the store is elsewhere
}

func openRecorder(ctx context.Context, folder, s3 string) (_ *recorder, err error) {
	r := &recorder{}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.db, err = storage.Open(ctx, "sqlite:"+filepath.Join(folder, "backrow.db")); err != nil {
		return r, err
	}
	if _, err = r.db.Migrate(ctx); err != nil {
		return r, err
	}
	r.catalogue = storage.NewCatalogue(r.db)
	quiet := slog.New(slog.DiscardHandler)
	if err = r.openStore(ctx, filepath.Join(folder, "objects"), s3, quiet); err != nil {
		return r, err
	}
	r.Server, err = capture.New(capture.Options{Catalogue: r.catalogue, Objects: r.store, Log: quiet,
		Spool: filepath.Join(folder, "spool"), ListenIPs: []string{"127.0.0.1"}, MaxStreams: 1000})
	return r, err
}

func (r *recorder) openStore(ctx context.Context, folder, s3 string, log *slog.Logger) (err error) {
	if s3 == "" {
		r.embedded, err = objects.StartEmbedded(ctx, folder, log)
		r.store = r.embedded
		return err
	}
	at, err := url.Parse(s3)
	if err != nil || at.Host == "" || at.User == nil {
		return fmt.Errorf("-s3 wants http://KEY:SECRET@HOST:PORT, not %q", s3)
	}
	secret, _ := at.User.Password()
	r.store, err = objects.NewS3(ctx, objects.S3Options{Endpoint: at.Scheme + "://" + at.Host,
		Bucket: "backrow-bench", AccessKey: at.User.Username(), SecretKey: secret, PathStyle: true})
	return err
}

// Publish makes the recording that an offer is for, of an owner of its own, and records.
func (r *recorder) Publish(ctx context.Context, offer whip.Offer) (whip.Session, error) {
	if err := r.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := r.catalogue.CreateRecording(ctx, tx, storage.Recording{ID: offer.Recording,
			ProgramID: storage.NewID(), OwnerID: storage.NewID(), Title: rand.Text()})
		return err
	}); err != nil {
		return whip.Session{}, err
	}
	return r.Server.Publish(ctx, offer)
}

func (r *recorder) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var err error
	if r.Server != nil {
		err = errors.Join(err, r.Server.Close(ctx))
	}
	if r.embedded != nil {
		err = errors.Join(err, r.embedded.Close(ctx))
	}
	if r.db != nil {
		err = errors.Join(err, r.db.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: receive:", err)
	}
}
