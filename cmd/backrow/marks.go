package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"backrow/annotate"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// openPeople opens the people and the log of their marks. The three know each other through small
// interfaces: marks want names, returned reviews share drafts, and whoever loses access loses the
// sockets that the site holds open.
func (c *serveCommand) openPeople(h *house, public *url.URL, log *slog.Logger) error {
	mailer, err := newMailer(c.mailSettings)
	if err != nil {
		return err
	}
	names := &laterNames{}
	h.marks = annotate.NewLog(h.db, annotate.Options{Names: names, Log: log})
	h.people = review.New(review.Options{
		DB: h.db, Mailer: mailer, Drafts: h.marks, Log: log, PublicURL: public.String(),
		AccessLost: func(user, recording storage.ID) {
			if h.site != nil {
				h.site.Revoke(context.Background(), user, recording)
			}
		},
	})
	names.of = h.people
	h.policy = access.New(h.db)
	h.then("review", h.people.Close)
	return nil
}

// laterNames is what the log asks for names before the people are there.
type laterNames struct{ of annotate.Names }

func (n *laterNames) Names(ctx context.Context, ids []storage.ID) (map[storage.ID]string, error) {
	return n.of.Names(ctx, ids)
}

// housekeep runs what goes on in the background until close: the fan-out of marks between nodes
// and the site's own sweeping.
func (h *house) housekeep(log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.marks.Run(ctx) })
	running.Go(func() {
		if err := h.site.Run(ctx); err != nil {
			log.Error("the site's housekeeping ended", "error", err)
		}
	})
	h.then("housekeeping", func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// drain takes no new requests, sends the sockets away to come back later, and waits for the
// requests that are being answered.
func (h *house) drain(ctx context.Context, server *http.Server) error {
	if err := h.site.Close(ctx); err != nil {
		slog.Warn("sockets were cut", "error", err)
	}
	return server.Shutdown(ctx)
}
