package review_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"backrow/review"
	"backrow/storage"
	"backrow/storage/dbtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// start is when tests begin: noon UTC, when every classroom but those of Kiribati has one date.
var start = time.Date(2026, 11, 17, 12, 0, 0, 0, time.UTC)

// world is a service with a clock that tests turn, a postbox, and one program.
type world struct {
	*review.Service
	t       *testing.T
	db      *storage.DB
	post    *postbox
	program storage.ID

	mu   sync.Mutex // guards what follows
	now  time.Time
	lost [][2]storage.ID
}

// each runs test on both databases.
func each(t *testing.T, test func(w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, db *storage.DB) { test(newWorld(t, db)) })
}

func newWorld(t *testing.T, db *storage.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, post: &postbox{came: make(chan review.Mail, 100)}, now: start}
	w.Service = review.New(review.Options{
		DB: db, Mailer: w.post, PublicURL: "https://backrow.example/", Now: w.clock,
		AccessLost: func(user, recording storage.ID) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.lost = append(w.lost, [2]storage.ID{user, recording})
		},
	})
	t.Cleanup(func() { w.Close(context.Background()) })
	p, err := w.CreateProgram(t.Context(), "", review.Program{Name: "Fall cohort"})
	if err != nil {
		t.Fatal(err)
	}
	w.program = p.ID
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// hasLost reports whether the service told that user lost access to recording.
func (w *world) hasLost(user, recording storage.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, pair := range w.lost {
		if pair == [2]storage.ID{user, recording} {
			return true
		}
	}
	return false
}

// user adds somebody without hashing a password, and to the program unless role is empty.
func (w *world) user(name string, role review.Role) storage.ID {
	w.t.Helper()
	id := storage.NewID()
	w.exec(`INSERT INTO users (id, email, email_folded, name, password_hash, created_at)
VALUES (?, ?, ?, ?, '', ?)`, id, name+"@example.org", name+"@example.org", name, storage.At(w.clock()))
	if role != "" {
		if _, err := w.AddMember(w.t.Context(), "", w.program, id, role); err != nil {
			w.t.Fatal(err)
		}
	}
	return id
}

// lesson adds a recording.
func (w *world) lesson(owner storage.ID, title string) storage.ID {
	w.t.Helper()
	id, now := storage.NewID(), storage.At(w.clock())
	w.exec(`INSERT INTO recordings (id, program_id, owner_id, title, state, started_at, created_at,
    updated_at) VALUES (?, ?, ?, ?, 'ready', ?, ?, ?)`, id, w.program, owner, title, now, now, now)
	return id
}

// mark adds an annotation.
func (w *world) mark(recording, author storage.ID, visibility string) storage.ID {
	w.t.Helper()
	id, now := storage.NewID(), storage.At(w.clock())
	w.exec(`INSERT INTO annotations (id, recording_id, author_id, start_ms, end_ms, kind, text,
    visibility, created_at, updated_at) VALUES (?, ?, ?, 0, 0, 'note', 'x', ?, ?, ?)`, id, recording,
		author, visibility, now, now)
	return id
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(context.Background(), query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// count counts rows.
func (w *world) count(of string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.db.Get(context.Background(), &n, `SELECT COUNT(*) FROM `+of, args...); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// must ends the test when err is one.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused checks that err is of a kind.
func (w *world) refused(err error, want storage.Kind) {
	w.t.Helper()
	if storage.KindOf(err) != want {
		w.t.Errorf("got %v, want %s", err, want)
	}
}

// postbox is a Mailer that keeps what it is given.
type postbox struct {
	came chan review.Mail
	err  error
}

func (p *postbox) Send(_ context.Context, m review.Mail) error {
	p.came <- m
	return p.err
}

// next waits for the next mail.
func (w *world) next() review.Mail {
	w.t.Helper()
	select {
	case m := <-w.post.came:
		return m
	case <-time.After(10 * time.Second):
		w.t.Fatal("no mail came")
		return review.Mail{}
	}
}
