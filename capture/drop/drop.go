// Package drop removes live takes that are not needed any more. A lesson comes by two routes; when
// what the laptop kept is here whole, the live take beside it is a second, worse copy. Some time
// after a recording has settled, those live takes go of which complete local takes show all (but for
// the fringe at the lesson's two ends that package ledger names).
//
// A live take is given up only when the objects of the local takes are seen in the store. Its rows
// go first, in one transaction, and then its objects: whatever a crash leaves is not listed
// anywhere, and is found again, because the recording counts as tidied only at the end.
package drop

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"backrow/storage"
	"backrow/storage/ledger"
	"backrow/storage/objects"
)

// defaultKeep is long enough for an operator to see that something is wrong with what has settled.
const defaultKeep = 24 * time.Hour

// batch bounds one query, and page one listing of the store.
const (
	batch = 100
	page  = 1000
)

// Options are what a Dropper is made of.
type Options struct {
	Catalogue *storage.Catalogue
	Objects   objects.Store
	Log       *slog.Logger
	Metrics   prometheus.Registerer // nil: not registered
	Keep      time.Duration         // after a recording has settled; 0: 24 h; negative: for ever
}

// Dropper drops live takes. It is safe for concurrent use, by several nodes too.
type Dropper struct {
	options Options
	takes   prometheus.Counter
	bytes   prometheus.Counter
}

// New makes a Dropper. It does nothing until Run is called.
func New(o Options) (*Dropper, error) {
	if o.Keep == 0 {
		o.Keep = defaultKeep
	}
	d := &Dropper{options: o,
		takes: prometheus.NewCounter(prometheus.CounterOpts{Name: "backrow_capture_takes_dropped_total",
			Help: "Live takes removed because complete local ones show all of them."}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Name: "backrow_capture_dropped_bytes_total",
			Help: "Bytes of the segments of live takes that were removed."}),
	}
	if o.Metrics == nil {
		return d, nil
	}
	for _, c := range []prometheus.Collector{d.takes, d.bytes} {
		if err := o.Metrics.Register(c); err != nil {
			return nil, storage.Errorf(storage.Internal, "The metrics of capture exist already. %w", err)
		}
	}
	return d, nil
}

// Run looks once at all recordings that have been settled for long enough. What fails at one holds
// up no other, and is tried again at the next Run; the first such error is returned.
func (d *Dropper) Run(ctx context.Context) error {
	if d.options.Keep < 0 {
		return nil
	}
	before := storage.At(time.Now().Add(-d.options.Keep))
	var after storage.Recording
	var first error
	for {
		found, err := d.options.Catalogue.Untidied(ctx, before, after, batch)
		if err != nil {
			return err
		}
		for _, r := range found {
			after = r
			if err := d.tidy(ctx, r); err != nil && storage.KindOf(err) != storage.NotFound && first == nil {
				first = fmt.Errorf("recording %s: %w", r.ID, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if len(found) < batch {
			return first
		}
	}
}

// tidy drops what can be dropped of one recording.
func (d *Dropper) tidy(ctx context.Context, r storage.Recording) error {
	takes, err := ledger.Read(ctx, d.options.Catalogue, r.ID)
	if err != nil {
		return err
	}
	locals, spare := divide(takes)
	if len(spare) > 0 {
		missing, err := d.missing(ctx, r, locals)
		if err != nil {
			return err
		}
		if missing != "" {
			d.options.Log.Error("live takes are kept although local ones have all of them: "+
				"an object of a local take is missing in the store",
				"recording", r.ID, "key", missing)
			return d.options.Catalogue.NoteTidied(ctx, r)
		}
		if err := d.options.Catalogue.DropTakes(ctx, r, ids(spare)); err != nil {
			return err
		}
		d.told(r, spare)
	}
	for _, t := range takes {
		if t.State != "dropped" && !slices.Contains(ids(spare), t.ID) {
			continue
		}
		if err := d.remove(ctx, t.Take); err != nil {
			return err
		}
	}
	return d.options.Catalogue.NoteTidied(ctx, r)
}

// divide finds the complete local takes, and the live takes that these show all of by themselves.
func divide(takes []ledger.Take) (locals, spare []ledger.Take) {
	for _, t := range takes {
		if t.Route == storage.RouteLocal && t.State != "dropped" && !t.CompletedAt.IsZero() {
			locals = append(locals, t)
		}
	}
	for _, t := range takes {
		if t.Route != storage.RouteLive || t.State != "ended" {
			continue
		}
		beside := append(slices.Clone(locals), t)
		if slices.Contains(ledger.Spare(beside, t.Source), t.ID) {
			spare = append(spare, t)
		}
	}
	return locals, spare
}

func ids(takes []ledger.Take) (ids []storage.ID) {
	for _, t := range takes {
		ids = append(ids, t.ID)
	}
	return ids
}

// missing is the key of an object of the local takes that the store does not have, or not all of;
// "" when it has everything.
func (d *Dropper) missing(ctx context.Context, r storage.Recording, locals []ledger.Take) (string, error) {
	for _, t := range locals {
		have, err := d.list(ctx, t.Take)
		if err != nil {
			return "", err
		}
		inits, err := d.options.Catalogue.Inits(ctx, t.ID)
		if err != nil {
			return "", err
		}
		for _, i := range inits {
			if have[i.ObjectKey] < i.Bytes {
				return i.ObjectKey, nil
			}
		}
		for _, s := range t.Segments {
			if have[s.ObjectKey] < s.ObjectFrom+s.Bytes {
				return s.ObjectKey, nil
			}
		}
	}
	return "", nil
}

// prefix is where the objects of a take lie.
func prefix(t storage.Take) string {
	return fmt.Sprintf("recordings/%s/takes/%s/", t.RecordingID, t.ID)
}

// list is the objects of a take, with their sizes.
func (d *Dropper) list(ctx context.Context, t storage.Take) (map[string]int64, error) {
	have := map[string]int64{}
	for after := ""; ; {
		found, err := d.options.Objects.List(ctx, prefix(t), after, page)
		if err != nil {
			return nil, err
		}
		for _, object := range found {
			have[object.Key], after = object.Bytes, object.Key
		}
		if len(found) < page {
			return have, nil
		}
	}
}

// remove removes the objects of a take that is dropped.
func (d *Dropper) remove(ctx context.Context, t storage.Take) error {
	have, err := d.list(ctx, t)
	if err != nil {
		return err
	}
	for key := range have {
		if err := d.options.Objects.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

// told tells the operator.
func (d *Dropper) told(r storage.Recording, dropped []ledger.Take) {
	var bytes int64
	for _, t := range dropped {
		for _, s := range t.Segments {
			bytes += s.Bytes
		}
	}
	d.takes.Add(float64(len(dropped)))
	d.bytes.Add(float64(bytes))
	d.options.Log.Info("live takes dropped: what the laptops kept shows all of them",
		"recording", r.ID, "takes", len(dropped), "bytes", bytes, "settled", r.SettledAt.Time)
}
