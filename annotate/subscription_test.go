package annotate_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"backrow/annotate"
	at "backrow/annotate/annotatetest"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// patience bounds each wait of tests that fail.
const patience = time.Minute

// follow reads a subscription until it has told of seq, and fails unless it tells of everything
// after from, once, in order.
func follow(t testing.TB, sub *annotate.Subscription, from, seq int64) {
	t.Helper()
	for from < seq {
		soon, cancel := context.WithTimeout(ctx, patience)
		events, err := sub.Next(soon)
		cancel()
		if err != nil {
			t.Fatalf("after %d: %v", from, err)
		}
		for _, e := range events {
			if e.Seq != from+1 {
				t.Fatalf("after %d comes %d", from, e.Seq)
			}
			from = e.Seq
		}
	}
}

func TestSubscriptionsMissNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		l, r := newLog(db), at.Lesson(t, db)
		must[annotate.Annotation](t)(l.Create(ctx, r.OwnerID, at.Draft(r)))
		const writers, each = 4, 50 // more than a subscription holds before it reads
		var all sync.WaitGroup
		for range 3 {
			sub, err := l.Subscribe(ctx, r.ID)
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			all.Go(func() { follow(t, sub, 1, 1+writers*each) })
		}
		for range writers {
			all.Go(func() {
				for range each {
					if _, _, err := l.Create(ctx, r.OwnerID, at.Draft(r)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
}

func TestTwoLogsOnOnePostgres(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *storage.DB) {
		if db.Dialect() != storage.Postgres {
			t.Skip("SQLite has one node")
		}
		here, there, r := newLog(db), newLog(db), at.Lesson(t, db)
		running, stop := context.WithCancel(ctx)
		var both sync.WaitGroup
		defer both.Wait()
		defer stop()
		both.Go(func() { here.Run(running) })
		both.Go(func() { there.Run(running) })
		subHere, err := here.Subscribe(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer subHere.Close()
		subThere, err := there.Subscribe(ctx, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer subThere.Close()
		write := func(l *annotate.Log) {
			t.Helper()
			must[annotate.Annotation](t)(l.Create(ctx, r.OwnerID, at.Draft(r)))
		}
		// Written before anyone listens, perhaps: the listener reads when it has connected.
		write(here)
		follow(t, subHere, 0, 1)
		follow(t, subThere, 0, 1)
		for seq := int64(1); seq < 20; seq += 2 {
			write(here)
			write(there)
			follow(t, subThere, seq, seq+2)
			follow(t, subHere, seq, seq+2)
		}

		// The listening connections are cut; what is written meanwhile is not missed.
		if _, err := db.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'LISTEN%'`); err != nil {
			t.Fatal(err)
		}
		write(here)
		follow(t, subThere, 21, 22)
		follow(t, subHere, 21, 22)
	})
}

// copyOf is what a client holds: it applies events by the one rule of docs/live-feed.md.
type copyOf struct {
	viewer storage.ID
	since  int64
	marks  map[storage.ID]annotate.Annotation
}

func (c *copyOf) apply(e annotate.Event) {
	switch {
	case e.Change == annotate.AnnotationRemoved || e.Annotation != nil && e.Annotation.Deleted:
		delete(c.marks, e.AnnotationID)
	case e.Annotation != nil:
		c.marks[e.AnnotationID] = *e.Annotation
	default:
		a, ok := c.marks[e.AnnotationID]
		if !ok {
			return
		}
		replies := slices.DeleteFunc(slices.Clone(a.Replies), func(r annotate.Reply) bool {
			return r.ID == e.Reply.ID
		})
		if !e.Reply.Deleted {
			replies = append(replies, *e.Reply)
		}
		slices.SortFunc(replies, func(a, b annotate.Reply) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
		})
		a.Replies = replies
		c.marks[e.AnnotationID] = a
	}
}

// TestAnyCutsAnyJoins has clients read the log in random pieces, from random starts, while it is
// written at random: each ends with what List shows its person, and is never told twice.
func TestAnyCutsAnyJoins(t *testing.T) {
	db := dbtest.SQLite(t)
	l := newLog(db)
	runs := at.Runs(100)
	rapid.Check(t, func(rt *rapid.T) {
		if runs--; runs < 0 {
			return
		}
		r := at.Lesson(t, db)
		people := []storage.ID{r.OwnerID, storage.NewID(), storage.NewID()}
		clients := []*copyOf{}
		var marks []annotate.Annotation
		var replies []annotate.Reply
		who := rapid.SampledFrom(people)
		visibility := rapid.SampledFrom([]annotate.Visibility{annotate.Shared, annotate.Shared,
			annotate.Private, annotate.Drafted})
		read := func(c *copyOf, limit int) bool {
			events, through, err := l.Events(ctx, c.viewer, r.ID, c.since, limit)
			if err != nil {
				rt.Fatal(err)
			}
			for _, e := range events {
				if e.Seq <= c.since || e.Seq > through {
					rt.Fatalf("told of %d after %d, through %d", e.Seq, c.since, through)
				}
				c.apply(e)
				c.since = e.Seq
			}
			c.since = through
			return len(events) == limit
		}
		ignore := func(error) {} // refusals are part of the game
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				a, _, err := l.Create(ctx, who.Draw(rt, "who"), at.Draft(r, func(d *annotate.Draft) {
					d.Text, d.Visibility = fmt.Sprint(len(marks)), visibility.Draw(rt, "visibility")
				}))
				if err != nil {
					rt.Fatal(err)
				}
				marks = append(marks, a)
			},
			"change": func(rt *rapid.T) {
				if len(marks) == 0 {
					rt.Skip()
				}
				i := rapid.IntRange(0, len(marks)-1).Draw(rt, "mark")
				a, err := marks[i], error(nil)
				switch rapid.SampledFrom([]string{"edit", "delete", "restore"}).Draw(rt, "how") {
				case "edit":
					v := visibility.Draw(rt, "visibility")
					a, _, err = l.Edit(ctx, a.Author.ID, r.ID, a.ID, a.Version, annotate.Edit{Visibility: &v})
				case "delete":
					a, _, err = l.Delete(ctx, a.Author.ID, r.ID, a.ID, a.Version)
				case "restore":
					a, _, err = l.Restore(ctx, a.Author.ID, r.ID, a.ID, a.Version)
				}
				ignore(err)
				if a.ID != "" {
					marks[i] = a
				}
			},
			"reply": func(rt *rapid.T) {
				if len(marks) == 0 {
					rt.Skip()
				}
				a := rapid.SampledFrom(marks).Draw(rt, "mark")
				reply, _, err := l.Reply(ctx, who.Draw(rt, "who"), annotate.ReplyDraft{
					ID: storage.NewID(), RecordingID: r.ID, AnnotationID: a.ID, Text: "?"})
				if err == nil {
					replies = append(replies, reply)
				}
			},
			"change reply": func(rt *rapid.T) {
				if len(replies) == 0 {
					rt.Skip()
				}
				i := rapid.IntRange(0, len(replies)-1).Draw(rt, "reply")
				reply, err := replies[i], error(nil)
				switch rapid.SampledFrom([]string{"edit", "delete", "restore"}).Draw(rt, "how") {
				case "edit":
					reply, _, err = l.EditReply(ctx, reply.Author.ID, r.ID, reply.ID, reply.Version, "!")
				case "delete":
					reply, _, err = l.DeleteReply(ctx, reply.Author.ID, r.ID, reply.ID, reply.Version)
				case "restore":
					reply, _, err = l.RestoreReply(ctx, reply.Author.ID, r.ID, reply.ID, reply.Version)
				}
				ignore(err)
				if reply.ID != "" {
					replies[i] = reply
				}
			},
			"join by log": func(rt *rapid.T) {
				clients = append(clients, &copyOf{viewer: who.Draw(rt, "who"),
					marks: map[storage.ID]annotate.Annotation{}})
			},
			"join by list": func(rt *rapid.T) {
				c := &copyOf{viewer: who.Draw(rt, "who"), marks: map[storage.ID]annotate.Annotation{}}
				list, seq, err := l.List(ctx, c.viewer, r.ID)
				if err != nil {
					rt.Fatal(err)
				}
				for _, a := range list {
					c.marks[a.ID] = a
				}
				c.since = seq
				clients = append(clients, c)
			},
			"read": func(rt *rapid.T) {
				if len(clients) == 0 {
					rt.Skip()
				}
				c := rapid.SampledFrom(clients).Draw(rt, "client")
				read(c, rapid.IntRange(1, 5).Draw(rt, "limit"))
			},
			"": func(*rapid.T) {},
		})
		for _, c := range clients {
			for read(c, 3) {
				continue
			}
			list, _, err := l.List(ctx, c.viewer, r.ID)
			if err != nil {
				rt.Fatal(err)
			}
			want := map[storage.ID]annotate.Annotation{}
			for _, a := range list {
				want[a.ID] = a
			}
			if diff := gocmp.Diff(want, c.marks); diff != "" {
				rt.Fatalf("a client of %s differs: %s", c.viewer, diff)
			}
		}
	})
}
