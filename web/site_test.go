package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"backrow/annotate"
	"backrow/capture"
	"backrow/capture/whip"
	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
	"backrow/storage/dbtest"
	"backrow/storage/objects"
	"backrow/transcode"
	"backrow/web"
)

// password is that of everybody in the tests.
const password = "correct horse battery"

// site is a server over a database of its own, with the people of one program.
type site struct {
	t       *testing.T
	db      *storage.DB
	review  *review.Service
	policy  *access.Policy
	marks   *annotate.Log
	server  *web.Server
	http    *httptest.Server
	lines   *lines
	clock   *clock
	setup   string // the token of the setup link
	program review.Program
	people  map[string]review.User // by who they are in the permission table
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newEmptySite is a server before anybody has set it up.
func newEmptySite(t *testing.T, change ...func(*web.Options)) *site {
	t.Helper()
	st := &site{t: t, db: dbtest.SQLite(t), lines: newLines(), clock: &clock{now: time.Now()},
		people: make(map[string]review.User)}
	log := slog.New(slog.NewJSONHandler(st.lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	st.review = review.New(review.Options{DB: st.db, Log: log})
	st.policy = access.New(st.db)
	st.marks = annotate.NewLog(st.db, annotate.Options{})
	options := web.Options{
		DB: st.db, Catalogue: storage.NewCatalogue(st.db), Objects: away{}, Review: st.review,
		Policy: st.policy, Capture: idle{}, Marks: st.marks, Work: idle{}, Log: log,
		Now: st.clock.Now, Version: "test",
	}
	for _, f := range change {
		f(&options)
	}
	var err error
	if st.server, err = web.New(options); err != nil {
		t.Fatal(err)
	}
	st.http = httptest.NewServer(st.server)
	t.Cleanup(func() {
		st.http.Close()
		if err := st.server.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if st.setup, err = st.review.OpenSetup(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st
}

// newSite is a server with an operator, a program, and in it a lead, two teachers and two
// instructors, one of them paired with the first teacher.
func newSite(t *testing.T, change ...func(*web.Options)) *site {
	t.Helper()
	st := newEmptySite(t, change...)
	ctx := t.Context()
	founder, program, err := st.review.SetUp(ctx, review.Setup{Token: st.setup, SiteName: "Lakeside",
		Email: "founder@example.org", Name: "Founder", Password: password, Program: "Induction"})
	check(t, err)
	st.program = program
	st.people["founder"] = founder
	for _, p := range []struct {
		who  string
		role review.Role
	}{
		{"other", review.Teacher}, {"owner", review.Teacher}, {"pair", review.Instructor},
		{"another", review.Instructor}, {"lead", review.Lead}, {"spare", review.Teacher}, {"operator", ""},
	} {
		user := st.user(p.who)
		st.people[p.who] = user
		if p.role != "" {
			_, err := st.review.AddMember(ctx, founder.ID, program.ID, user.ID, p.role)
			check(t, err)
		}
	}
	today := review.DayOf(time.Now())
	_, err = st.review.Pair(ctx, founder.ID, review.Cycle{ProgramID: program.ID,
		InstructorID: st.id("pair"), TeacherID: st.id("owner"), StartsOn: today, EndsOn: today.Add(20)})
	check(t, err)
	return st
}

// user copies the founder, password and all: hashing one takes a tenth of a second.
func (st *site) user(who string) review.User {
	st.t.Helper()
	operator := 0
	if who == "operator" {
		operator = 1
	}
	id, email := storage.NewID(), who+"@example.org"
	_, err := st.db.Exec(st.t.Context(), `INSERT INTO users (id, email, email_folded, name, password_hash,
    is_operator, created_at)
SELECT ?, ?, ?, ?, password_hash, ?, created_at FROM users WHERE id = ?`, id, email, email, who, operator,
		st.id("founder"))
	check(st.t, err)
	user, err := st.review.User(st.t.Context(), id)
	check(st.t, err)
	return user
}

func (st *site) id(who string) storage.ID { return st.people[who].ID }

// area is an area of the program's framework.
func (st *site) area(name string) review.Area {
	st.t.Helper()
	ctx := st.t.Context()
	framework, err := st.review.CreateFramework(ctx, st.id("founder"),
		review.Framework{ProgramID: st.program.ID, Name: "Framework"})
	check(st.t, err)
	area, err := st.review.AddArea(ctx, st.id("founder"), st.program.ID,
		review.Area{FrameworkID: framework.ID, Name: name})
	check(st.t, err)
	return area
}

// target is a target area of the owner.
func (st *site) target() review.TargetArea {
	st.t.Helper()
	t, err := st.review.AddTargetArea(st.t.Context(), st.id("owner"), review.TargetArea{
		ProgramID: st.program.ID, TeacherID: st.id("owner"), AreaID: st.area("Wait time").ID,
		Goal: "Wait five seconds", Status: review.Active})
	check(st.t, err)
	return t
}

// recording is a lesson of the owner.
func (st *site) recording(title string) storage.ID {
	st.t.Helper()
	id := storage.NewID()
	check(st.t, st.db.InTx(st.t.Context(), func(tx *storage.Tx) error {
		_, err := storage.NewCatalogue(st.db).CreateRecording(st.t.Context(), tx, storage.Recording{
			ID: id, ProgramID: st.program.ID, OwnerID: st.id("owner"), Title: title})
		return err
	}))
	return id
}

// browser is one person's browser: it keeps cookies and does not follow redirects.
type browser struct {
	st     *site
	client *http.Client
	header http.Header
}

func (st *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	check(st.t, err)
	return &browser{st: st, header: http.Header{}, client: &http.Client{Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// as is the browser of one of the people, signed in; of "nobody", not.
func (st *site) as(who string) *browser {
	st.t.Helper()
	b := st.browser()
	if who == "nobody" {
		return b
	}
	answer := b.post("/login", url.Values{"email": {who + "@example.org"}, "password": {password}})
	if answer.StatusCode != http.StatusSeeOther {
		st.t.Fatalf("%s cannot sign in: %d %s", who, answer.StatusCode, answer.body)
	}
	return b
}

// answered is an answer that has been read.
type answered struct {
	*http.Response
	body string
}

func (b *browser) send(method, path, mediaType, body string) answered {
	b.st.t.Helper()
	request, err := http.NewRequestWithContext(b.st.t.Context(), method, b.st.http.URL+path,
		strings.NewReader(body))
	check(b.st.t, err)
	for name, values := range b.header {
		request.Header[name] = values
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	response, err := b.client.Do(request)
	check(b.st.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(b.st.t, err)
	return answered{Response: response, body: string(text)}
}

func (b *browser) get(path string) answered { return b.send(http.MethodGet, path, "", "") }

func (b *browser) post(path string, form url.Values) answered {
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

func (b *browser) json(method, path, body string) answered {
	return b.send(method, path, "application/json", body)
}

// lines is the log, line by line, to be looked through.
type lines struct {
	mu   sync.Mutex
	text []string
	more chan struct{} // closed and renewed at each line
}

func newLines() *lines { return &lines{more: make(chan struct{})} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, string(p))
	close(l.more)
	l.more = make(chan struct{})
	return len(p), nil
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.text, "")
}

// request is the line that the log has for a request; it is written after the answer has left.
func (l *lines) request(t *testing.T, id string) map[string]any {
	t.Helper()
	for seen := 0; ; {
		l.mu.Lock()
		fresh, more := l.text[seen:], l.more
		seen = len(l.text)
		l.mu.Unlock()
		for _, text := range fresh {
			var line map[string]any
			if strings.Contains(text, id) && json.Unmarshal([]byte(text), &line) == nil &&
				line["msg"] == "request" && line["request"] == id {
				return line
			}
		}
		select {
		case <-more:
		case <-t.Context().Done():
			t.Fatalf("the log has no line for request %s", id)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// away is a store that does not answer.
type away struct{ objects.Store }

func errAway() error { return storage.Errorf(storage.Unavailable, "The object store does not answer.") }

func (away) Check(context.Context) error { return errAway() }

func (away) Get(context.Context, string, int64, int64) (io.ReadCloser, objects.Info, error) {
	return nil, objects.Info{}, errAway()
}

func (away) Put(context.Context, string, io.ReadSeeker, int64, objects.PutOptions) error {
	return errAway()
}

func (away) Stat(context.Context, string) (objects.Info, error) { return objects.Info{}, errAway() }

// idle records nothing and processes nothing.
type idle struct{ whip.Publisher }

func errIdle() error { return storage.Errorf(storage.Unavailable, "Nothing is recorded here.") }

func (idle) Saved(context.Context, storage.ID) (capture.Saved, error) {
	return capture.Saved{}, errIdle()
}

func (idle) Stop(context.Context, storage.ID, int64) (storage.Recording, error) {
	return storage.Recording{}, errIdle()
}

func (idle) BeginLocal(context.Context, capture.LocalTake) (storage.Take, bool, error) {
	return storage.Take{}, false, errIdle()
}

func (idle) PutBlob(context.Context, capture.LocalBlob) (bool, error) { return false, errIdle() }

func (idle) Blobs(context.Context, storage.ID, storage.ID) (storage.Held, error) {
	return storage.Held{}, errIdle()
}

func (idle) EndLocal(context.Context, storage.ID, storage.ID, capture.LocalEnd) (storage.Take, error) {
	return storage.Take{}, errIdle()
}

func (idle) Playlist(context.Context, storage.ID, capture.View) (string, error) { return "", errIdle() }

func (idle) Progress(context.Context, storage.ID) (transcode.Progress, error) {
	return transcode.Progress{}, errIdle()
}

func (idle) Retry(context.Context, storage.ID) error { return errIdle() }
