package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"

	"backrow/review"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/transcode"
)

// openDatabase opens the database and brings it up to date, the job queue's tables with it.
func openDatabase(ctx context.Context, s dataSettings, log *slog.Logger) (*storage.DB, error) {
	if err := makeFolder(s.Data); err != nil {
		return nil, err
	}
	db, err := storage.Open(ctx, s.Database)
	if err != nil {
		return nil, err
	}
	ran, err := db.Migrate(ctx)
	if err == nil {
		err = transcode.Migrate(ctx, db)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	if ran > 0 {
		log.Info("the database was brought up to date", "migrations", ran)
	}
	return db, nil
}

func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return storage.Errorf(storage.Unavailable,
			"The data folder %s cannot be made. Name another with --data. %w", path, err)
	}
	return nil
}

// store is an object store and how it is closed.
type store struct {
	objects.Store
	close func(context.Context) error
}

// openStore opens the store that the settings name: S3, or the one embedded in this binary.
func openStore(ctx context.Context, s dataSettings, log *slog.Logger) (store, error) {
	if s.S3Endpoint == "" {
		embedded, err := objects.StartEmbedded(ctx, filepath.Join(s.Data, "objects"), log)
		if err != nil {
			return store{}, err
		}
		return store{Store: embedded, close: embedded.Close}, nil
	}
	remote, err := objects.NewS3(ctx, objects.S3Options{
		Endpoint: s.S3Endpoint, Region: s.S3Region, Bucket: s.S3Bucket,
		AccessKey: s.S3AccessKey, SecretKey: s.S3SecretKey, PathStyle: s.S3PathStyle,
		Timeout: s.S3Timeout,
	})
	if err != nil {
		return store{}, err
	}
	return store{Store: remote, close: func(context.Context) error { return nil }}, nil
}

func newMailer(s mailSettings) (review.Mailer, error) {
	if s.SMTPServer == "" {
		return nil, nil
	}
	host, port, err := splitPort(s.SMTPServer)
	if err != nil {
		return nil, err
	}
	return review.NewSMTP(review.SMTPOptions{
		Host: host, Port: port, User: s.SMTPUser, Password: s.SMTPPassword,
		From: s.SMTPFrom, Security: s.SMTPTLS,
	})
}
