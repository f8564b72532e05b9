package socket_test

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// reader is a client that is cut and comes back; seqs are all that it was ever told of.
type reader struct {
	viewer storage.ID
	line   *client
	seqs   []int64
}

func (r *reader) last() int64 {
	if len(r.seqs) == 0 {
		return 0
	}
	return r.seqs[len(r.seqs)-1]
}

func (r *reader) cut() {
	if r.line != nil {
		r.line.ws.Close()
		r.line = nil
	}
}

// TestCutsAnywhere has people join, cut and come back at random moments, in the middle of history
// and of what is live, while others write at the same time: each is told of every event that they
// may know of, once, in order.
func TestCutsAnywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		h := open(t, db)
		runs := at.Runs(30)
		rapid.Check(t, func(rt *rapid.T) {
			if runs--; runs < 0 {
				return
			}
			h.recording = at.Lesson(t, db)
			people := []storage.ID{storage.NewID(), storage.NewID()}
			readers := []*reader{{viewer: people[0]}, {viewer: people[1]}, {viewer: people[1]}}
			var writing sync.WaitGroup
			some := rapid.SampledFrom(readers)
			rt.Repeat(map[string]func(*rapid.T){
				"write": func(rt *rapid.T) {
					n := rapid.IntRange(1, 8).Draw(rt, "n")
					visibility := rapid.SampledFrom([]annotate.Visibility{annotate.Shared,
						annotate.Private}).Draw(rt, "visibility")
					for _, author := range people {
						writing.Go(func() {
							for range n {
								if _, _, err := h.log.Create(ctx, author, at.Draft(h.recording,
									func(d *annotate.Draft) { d.Visibility = visibility })); err != nil {
									t.Error(err)
								}
							}
						})
					}
				},
				"come back": func(rt *rapid.T) {
					r := some.Draw(rt, "reader")
					r.cut()
					r.line = h.dial(r.viewer, r.last())
				},
				"read": func(rt *rapid.T) {
					r := some.Draw(rt, "reader")
					if r.line == nil {
						rt.Skip()
					}
					// The first two messages of a joined line are hello and an event or caught_up.
					for range rapid.IntRange(1, 2).Draw(rt, "messages") {
						r.take(rt)
					}
					r.cut()
				},
				"cut": func(rt *rapid.T) { some.Draw(rt, "reader").cut() },
				"":    func(*rapid.T) {},
			})
			writing.Wait()
			end, err := h.log.LastSeq(ctx, h.recording.ID)
			if err != nil {
				rt.Fatal(err)
			}
			for i, r := range readers {
				r.cut()
				r.line = h.dial(r.viewer, r.last())
				for r.take(rt).Type != "caught_up" {
					continue
				}
				r.cut()
				if diff := h.missed(r, end); diff != "" {
					rt.Fatalf("reader %d: %s", i, diff)
				}
			}
		})
	})
}

// take reads one message.
func (r *reader) take(rt *rapid.T) message {
	m, err := r.line.read()
	if err != nil {
		rt.Fatal(err)
	}
	if m.Type == "event" {
		if m.Seq <= r.last() {
			rt.Fatalf("told of %d after %d", m.Seq, r.last())
		}
		r.seqs = append(r.seqs, m.Seq)
	}
	return m
}

// missed compares what a reader was told with the rows.
func (h *house) missed(r *reader, end int64) string {
	var want []int64
	if err := h.db.Select(ctx, &want, `SELECT seq FROM annotation_events WHERE recording_id = ?
AND seq <= ? AND only_for IN ('', ?) ORDER BY seq`, h.recording.ID, end, r.viewer); err != nil {
		return err.Error()
	}
	if fmt.Sprint(want) != fmt.Sprint(r.seqs) {
		return fmt.Sprintf("told of %v, want %v", r.seqs, want)
	}
	return ""
}

// TestLiveIsComplete has readers stay on while many write over sockets of their own.
func TestLiveIsComplete(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		h := open(t, db)
		const writers, each = 4, 25
		var all sync.WaitGroup
		for range 5 {
			viewer := storage.NewID()
			all.Go(func() {
				c := h.dial(viewer, 0)
				for last := int64(0); last < writers*each; {
					m, err := c.read()
					switch {
					case err != nil:
						t.Error(err)
						return
					case m.Type == "event" && m.Seq != last+1:
						t.Errorf("after %d comes %d", last, m.Seq)
						return
					case m.Type == "event":
						last = m.Seq
					}
				}
			})
		}
		for range writers {
			author := storage.NewID()
			all.Go(func() {
				for range each {
					if _, _, err := h.log.Create(ctx, author, at.Draft(h.recording)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
}
