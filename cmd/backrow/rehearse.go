package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"backrow/capture"
	"backrow/capture/encoder"
	"backrow/capture/whip"
	"backrow/storage"
	"backrow/transcode/ffmpeg"
	"backrow/transcode/fragment"
)

// rehearsal is how long the lesson is that the doctor records.
const rehearsal = 3 * time.Second

// rehearse records a short lesson through everything that a real one goes through: WebRTC to the
// media port, spool, object store, and back. Only the database is a passing one, for this is no
// lesson of anybody's.
func (c *doctorCommand) rehearse(ctx context.Context) (found string, err error) {
	if _, err := ffmpeg.Find(c.FFmpeg, c.FFprobe); err != nil {
		return "not tried: the test picture is made by ffmpeg", nil
	}
	folder, err := os.MkdirTemp(c.Data, "doctor-")
	if err != nil {
		return "", storage.Errorf(storage.Unavailable, "The data folder %s cannot be written. %w", c.Data, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	stage, err := c.openStage(ctx, folder)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, stage.close()) }()
	sent, err := stage.record(ctx, c.FFmpeg)
	if err != nil {
		return "", err
	}
	stored, err := stage.readBack(ctx)
	if err != nil {
		return "", err
	}
	if stored < sent.Pictures {
		return "", storage.Errorf(storage.Unavailable, "Of %d pictures that were sent to the media port "+
			"only %d were stored: look at the machine's load and at its socket buffers.", sent.Pictures, stored)
	}
	return fmt.Sprintf("%d s recorded over the media port, stored and read back: %d of %d pictures",
		int(rehearsal.Seconds()), stored, sent.Pictures), nil
}

// stage is what a rehearsal is recorded with.
type stage struct {
	db        *storage.DB
	catalogue *storage.Catalogue
	store     store
	capture   *capture.Server
	recording storage.ID
}

func (c *doctorCommand) openStage(ctx context.Context, folder string) (_ *stage, err error) {
	s := &stage{recording: storage.NewID()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.db, err = storage.Open(ctx, "sqlite:"+filepath.Join(folder, "backrow.db")); err != nil {
		return s, err
	}
	if _, err = s.db.Migrate(ctx); err != nil {
		return s, err
	}
	s.catalogue = storage.NewCatalogue(s.db)
	quiet := slog.New(slog.DiscardHandler)
	if s.store, err = openStore(ctx, c.dataSettings, quiet); err != nil {
		return s, err
	}
	options := c.captureSettings.options(c.Listen)
	options.Catalogue, options.Objects, options.Log = s.catalogue, s.store, quiet
	options.Spool = filepath.Join(folder, "spool")
	options.AdvertiseIPs = nil // other machines' way here may be no way from here
	s.capture, err = capture.New(options)
	return s, err
}

// record sends a clip to the media port as a browser does.
func (s *stage) record(ctx context.Context, tool string) (sent encoder.Sent, err error) {
	clip, err := encoder.Render(ctx, encoder.ClipOptions{FFmpeg: tool, Width: 320, Height: 180,
		BitsPerSecond: 300_000, Length: rehearsal})
	if err != nil {
		return sent, storage.Errorf(storage.Unavailable, "ffmpeg cannot make a test picture: "+
			"its H.264 (libx264) and Opus (libopus) encoders are needed. %w", err)
	}
	if err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		_, err := s.catalogue.CreateRecording(ctx, tx, storage.Recording{ID: s.recording,
			ProgramID: storage.NewID(), OwnerID: storage.NewID(), Title: "backrow doctor"})
		return err
	}); err != nil {
		return sent, err
	}
	e, err := encoder.New(clip)
	if err != nil {
		return sent, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	session, err := s.capture.Publish(ctx, whip.Offer{Recording: s.recording, Take: storage.NewID(),
		SDP: e.Offer()})
	if err != nil {
		return sent, err
	}
	if err := e.Answer(ctx, session.Answer); err != nil {
		return sent, storage.Errorf(storage.Unavailable, "No connection to the media port could be made, "+
			"not even from this machine: look at its firewall and at --media-ip and --media-advertise. %w", err)
	}
	sent = e.Send(ctx, rehearsal)
	_, err = s.capture.Stop(ctx, s.recording, -1)
	return sent, err
}

// readBack counts the pictures that are stored, each object held to its hash.
func (s *stage) readBack(ctx context.Context) (pictures int, err error) {
	takes, err := s.catalogue.Takes(ctx, s.recording)
	if err != nil {
		return 0, err
	}
	for _, take := range takes {
		inits, err := s.catalogue.Inits(ctx, take.ID)
		if err != nil {
			return 0, err
		}
		formats := map[int64]fragment.Init{}
		for _, i := range inits {
			data, err := s.object(ctx, i.ObjectKey, i.SHA256)
			if err != nil {
				return 0, err
			}
			if formats[i.Number], err = fragment.ReadInit(data); err != nil {
				return 0, err
			}
		}
		const all = 100 // of some seconds
		segments, err := s.catalogue.Segments(ctx, take.ID, 0, all)
		if err != nil {
			return 0, err
		}
		for _, segment := range segments {
			data, err := s.object(ctx, segment.ObjectKey, segment.SHA256)
			if err != nil {
				return 0, err
			}
			samples, err := formats[segment.InitNumber].Samples(data)
			if err != nil {
				return 0, err
			}
			for _, sample := range samples {
				if formats[segment.InitNumber][sample.Track].Width > 0 {
					pictures++
				}
			}
		}
	}
	return pictures, nil
}

func (s *stage) object(ctx context.Context, key, sha string) ([]byte, error) {
	body, _, err := s.store.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, storage.Errorf(storage.Unavailable, "The media store does not answer. %w", err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != sha {
		return nil, storage.Errorf(storage.Unavailable, "The media store gives back other bytes than it "+
			"was given: its disk, or what is between, is broken.")
	}
	return data, nil
}

// close leaves nothing of the rehearsal in the store.
func (s *stage) close() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), checkFor)
	defer cancel()
	if s.capture != nil {
		err = errors.Join(err, s.capture.Close(ctx))
	}
	if s.store.Store != nil {
		err = errors.Join(err, s.sweep(ctx), s.store.close(ctx))
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

func (s *stage) sweep(ctx context.Context) error {
	const atOnce = 100
	for {
		left, err := s.store.List(ctx, "recordings/"+string(s.recording)+"/", "", atOnce)
		if err != nil || len(left) == 0 {
			return err
		}
		for _, object := range left {
			if err := s.store.Delete(ctx, object.Key); err != nil {
				return err
			}
		}
	}
}
