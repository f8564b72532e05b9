// Package review is about people: users, programs and their members, what teachers work on, who
// may see which recording, and the reviews that instructors return. It keeps those tables and the
// log of what was done to them that matters for security.
//
// It promises that what it stores is whole: the last lead of a program stays, a teacher's active
// target areas never share a colour, an invitation is taken once, and no invitation takes over an
// account. Creates carry ids made by the caller: repeating one changes nothing.
//
// It does not ask whether the actor may do what it is told to do: that is answered in one place,
// review/access, which whoever calls has asked. What is said on a recording's timeline belongs to
// annotate, the recordings themselves to storage.
package review

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"backrow/storage"
)

const (
	// invitationLife is long enough for a holiday, short enough that a forgotten link is dead.
	invitationLife = 14 * 24 * time.Hour
	// hashesAtOnce times 46 MiB is what signing in may take of the memory at most.
	hashesAtOnce = 4
)

// Options say what a Service stands on.
type Options struct {
	DB     *storage.DB
	Mailer Mailer // nil: no mail is sent, people copy links
	Drafts Drafts // nil: returning a review shares no drafts
	Log    *slog.Logger

	// PublicURL begins every link that is mailed, such as https://backrow.example.org.
	PublicURL string
	// InvitationLife is how long an invitation can be accepted; 14 days when zero.
	InvitationLife time.Duration
	// HashesAtOnce bounds how many passwords are hashed at the same time, 46 MiB each; when zero,
	// one per processor, four at most.
	HashesAtOnce int
	// AccessLost, when not nil, is called after a commit that took access away: of a user to one
	// recording, or, with an empty recording, to everything that the user had open.
	AccessLost func(user, recording storage.ID)
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Service keeps the people and what binds them to recordings. It is safe for concurrent use.
type Service struct {
	db        *storage.DB
	log       *slog.Logger
	drafts    Drafts
	passwords *hasher
	outbox    *outbox // nil: no mail
	publicURL string
	life      time.Duration
	lost      func(user, recording storage.ID)
	clock     func() time.Time
}

// New makes a Service. Close ends it.
func New(o Options) *Service {
	s := &Service{
		db: o.DB, drafts: o.Drafts, log: o.Log, lost: o.AccessLost, clock: o.Now, life: o.InvitationLife,
		publicURL: strings.TrimRight(o.PublicURL, "/"),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.lost == nil {
		s.lost = func(storage.ID, storage.ID) {}
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.life == 0 {
		s.life = invitationLife
	}
	if o.HashesAtOnce == 0 {
		o.HashesAtOnce = min(runtime.GOMAXPROCS(0), hashesAtOnce)
	}
	s.passwords = newHasher(o.HashesAtOnce)
	if o.Mailer != nil {
		s.outbox = newOutbox(o.Mailer, s.log)
	}
	return s
}

// Close sends the mail that still waits, for as long as ctx lasts, and ends the Service's one
// goroutine.
func (s *Service) Close(ctx context.Context) error {
	if s.outbox == nil {
		return nil
	}
	return s.outbox.close(ctx)
}

// SendsMail reports whether mail is configured.
func (s *Service) SendsMail() bool { return s.outbox != nil }

func (s *Service) now() storage.Time { return storage.At(s.clock()) }

func (s *Service) today() Day { return DayOf(s.clock()) }
