package review

import (
	"context"

	"backrow/storage"
)

// State says where a review is in its life.
type State string

// The states of a review, in order.
const (
	Requested  State = "requested"
	InProgress State = "in_progress"
	Returned   State = "returned"
	Answered   State = "answered"
)

// Review is an instructor's work on one recording.
type Review struct {
	ID             storage.ID   `db:"id"`
	RecordingID    storage.ID   `db:"recording_id"`
	InstructorID   storage.ID   `db:"instructor_id"`
	InstructorName string       `db:"instructor_name"`
	State          State        `db:"state"`
	RequestedBy    storage.ID   `db:"requested_by"`
	RequestedAt    storage.Time `db:"requested_at"`
	PromisedFor    Day          `db:"promised_for"`
	ReturnedAt     storage.Time `db:"returned_at"` // zero: not yet
	Summary        string       `db:"summary"`
	Version        int64        `db:"version"`
}

// NewReview is what a request for a review is made of.
type NewReview struct {
	ID           storage.ID // made when empty
	RecordingID  storage.ID
	InstructorID storage.ID
	PromisedFor  Day // in a week when empty
}

// Drafts is what returning a review shares: annotate.Log has it.
type Drafts interface {
	ShareDrafts(ctx context.Context, tx *storage.Tx, recording, author storage.ID) (int, error)
}

const (
	promiseDays = 7
	maxReviews  = 50 // of one recording
)

const reviewColumns = `v.id, v.recording_id, v.instructor_id, i.name AS instructor_name, v.state,
    v.requested_by, v.requested_at, v.promised_for, v.returned_at, v.summary, v.version`

const selectReviews = `SELECT ` + reviewColumns + `
FROM reviews v JOIN users i ON i.id = v.instructor_id `

const (
	insertReview = `INSERT INTO reviews (id, recording_id, instructor_id, state, requested_by,
    requested_at, promised_for) VALUES (?, ?, ?, 'requested', ?, ?, ?)`
	requestAgain = `UPDATE reviews SET state = 'requested', requested_by = ?, requested_at = ?,
    promised_for = ?, version = version + 1 WHERE id = ?`
)

// RequestReview asks an instructor (or lead) of the recording's program for a review, gives them a
// reviewer share without an end, and mails them. A review of theirs that was returned begins
// again; while one is requested or in progress, asking again changes nothing but the share.
func (s *Service) RequestReview(ctx context.Context, actor storage.ID, n NewReview) (Review, error) {
	promised, err := ParseDay(string(n.PromisedFor))
	if err != nil {
		return Review{}, err
	}
	today := s.today()
	switch {
	case promised == "":
		promised = today.Add(promiseDays)
	case promised < today.Add(-1): // yesterday in UTC is today somewhere
		return Review{}, storage.Errorf(storage.Invalid, "The day to have it by is in the past.")
	}
	if n.ID == "" {
		n.ID = storage.NewID()
	}
	site, err := s.SiteName(ctx)
	if err != nil {
		return Review{}, err
	}
	var have Review
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		r, m, err := s.holdFor(ctx, tx, n.RecordingID, n.InstructorID)
		if err != nil {
			return err
		}
		if m.Role == Teacher || !m.DisabledAt.IsZero() {
			return storage.Errorf(storage.Invalid, "%s is not an instructor in this program.", m.Name)
		}
		share := Share{UserID: n.InstructorID, Access: Reviewer, GrantedBy: actor}
		if _, err := s.insertShare(ctx, tx, r, share); err != nil {
			return err
		}
		err = tx.Get(ctx, &have, selectReviews+`WHERE v.recording_id = ? AND v.instructor_id = ?`,
			n.RecordingID, n.InstructorID)
		switch {
		case storage.KindOf(err) == storage.NotFound:
			if err := s.insertReview(ctx, tx, actor, n, promised); err != nil {
				return err
			}
		case err != nil:
			return err
		case have.State == Requested || have.State == InProgress:
			return nil
		default:
			if _, err := tx.Exec(ctx, requestAgain, actor, s.now(), promised, have.ID); err != nil {
				return err
			}
		}
		if err := tx.Get(ctx, &have, selectReviews+`WHERE v.recording_id = ? AND v.instructor_id = ?`,
			n.RecordingID, n.InstructorID); err != nil {
			return err
		}
		if err := s.auditReview(ctx, tx, "review.requested", actor, have); err != nil {
			return err
		}
		return s.mailAbout(ctx, tx, r.OwnerID, func(owner User) (string, Mail) {
			to := User{Name: m.Name, Email: m.Email}
			return "review request", requestMail(site, to, owner.Name, r.Title, promised, s.RecordingLink(r.ID))
		})
	})
	if err != nil {
		return Review{}, err
	}
	return have, nil
}

func (s *Service) insertReview(ctx context.Context, tx *storage.Tx, actor storage.ID, n NewReview,
	promised Day,
) error {
	if err := s.room(ctx, tx, maxReviews, "A recording has %d reviews at most.",
		`SELECT COUNT(*) FROM reviews WHERE recording_id = ?`, n.RecordingID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, insertReview, n.ID, n.RecordingID, n.InstructorID, actor, s.now(), promised)
	if storage.IsUnique(err) {
		return storage.Errorf(storage.Conflict, "That id belongs to another review. %w", err)
	}
	return err
}

func (s *Service) auditReview(ctx context.Context, tx *storage.Tx, action string, actor storage.ID,
	v Review,
) error {
	return s.Audit(ctx, tx, Entry{
		ActorID: actor, Action: action, Subject: "recording:" + string(v.RecordingID),
		Detail: "review=" + string(v.ID) + " instructor=" + string(v.InstructorID),
	})
}

// mailAbout sends, after the commit and when mail is configured, what write makes of a user.
func (s *Service) mailAbout(ctx context.Context, tx *storage.Tx, user storage.ID,
	write func(u User) (what string, m Mail),
) error {
	if s.outbox == nil {
		return nil
	}
	var u User
	if err := tx.Get(ctx, &u, `SELECT `+userColumns+` FROM users WHERE id = ?`, user); err != nil {
		return err
	}
	what, m := write(u)
	tx.AfterCommit(func() { s.outbox.add(what, ready(m)) })
	return nil
}

// RecordingLink is the address of a recording's page.
func (s *Service) RecordingLink(recording storage.ID) string {
	return s.publicURL + "/recordings/" + string(recording)
}

// BeginReview takes the instructor's review of a recording from requested to in progress. Without
// a requested review of theirs it changes nothing.
func (s *Service) BeginReview(ctx context.Context, instructor, recording storage.ID) error {
	_, err := s.db.Exec(ctx, `UPDATE reviews SET state = 'in_progress', version = version + 1
WHERE recording_id = ? AND instructor_id = ? AND state = 'requested'`, recording, instructor)
	return err
}

// ReturnReview returns the instructor's own review of a recording with a summary, which may be
// empty, together with the drafts that they made on it, and mails the teacher. An edit of another
// version than the present one is a Conflict, and so is returning it twice with another summary.
func (s *Service) ReturnReview(ctx context.Context, instructor, recording, id storage.ID,
	version int64, summary string,
) (Review, error) {
	summary, err := prose("The summary", summary, maxText)
	if err != nil {
		return Review{}, err
	}
	site, err := s.SiteName(ctx)
	if err != nil {
		return Review{}, err
	}
	var have Review
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var r storage.Recording
		if err := tx.Get(ctx, &r, holdRecording, recording); err != nil {
			return err
		}
		err := tx.Get(ctx, &have, selectReviews+`WHERE v.id = ? AND v.recording_id = ?
    AND v.instructor_id = ?`, id, recording, instructor)
		if err != nil {
			return err
		}
		if have.State == Returned && have.Summary == summary && have.Version == version+1 {
			return nil // the same again, the first answer having been lost
		}
		if err := have.step(version, Requested, InProgress); err != nil {
			return err
		}
		if s.drafts != nil {
			if _, err := s.drafts.ShareDrafts(ctx, tx, recording, instructor); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE reviews SET state = 'returned', returned_at = ?, summary = ?,
    version = version + 1 WHERE id = ?`, s.now(), summary, id); err != nil {
			return err
		}
		if err := tx.Get(ctx, &have, selectReviews+`WHERE v.id = ?`, id); err != nil {
			return err
		}
		if err := s.auditReview(ctx, tx, "review.returned", instructor, have); err != nil {
			return err
		}
		return s.mailAbout(ctx, tx, r.OwnerID, func(owner User) (string, Mail) {
			return "returned review",
				returnedMail(site, owner, have.InstructorName, r.Title, s.RecordingLink(r.ID))
		})
	})
	return have, err
}

// step makes sure that a review is in the version that somebody has seen, and in a state from which
// it can go on.
func (v Review) step(version int64, from ...State) error {
	for _, state := range from {
		if v.State == state && v.Version == version {
			return nil
		}
		if v.State == state {
			return storage.Errorf(storage.Conflict, "Somebody changed this review in the meantime.")
		}
	}
	switch v.State {
	case Returned, Answered:
		return storage.Errorf(storage.Conflict, "This review has been returned already.")
	}
	return storage.Errorf(storage.Conflict, "This review has not been returned yet.")
}

// AnswerReview says that the teacher has answered a returned review of a recording. Saying it again
// changes nothing.
func (s *Service) AnswerReview(ctx context.Context, actor, recording, id storage.ID, version int64,
) (Review, error) {
	var have Review
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := hold(ctx, tx, "reviews", id); err != nil {
			return err
		}
		err := tx.Get(ctx, &have, selectReviews+`WHERE v.id = ? AND v.recording_id = ?`, id, recording)
		if err != nil || have.State == Answered {
			return err
		}
		if err := have.step(version, Returned); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE reviews SET state = 'answered', version = version + 1
WHERE id = ?`, id); err != nil {
			return err
		}
		return tx.Get(ctx, &have, selectReviews+`WHERE v.id = ?`, id)
	})
	return have, err
}

// Review reads one review of a recording.
func (s *Service) Review(ctx context.Context, recording, id storage.ID) (Review, error) {
	var v Review
	err := s.db.Get(ctx, &v, selectReviews+`WHERE v.id = ? AND v.recording_id = ?`, id, recording)
	return v, err
}

// Reviews lists the reviews of a recording, oldest first.
func (s *Service) Reviews(ctx context.Context, recording storage.ID) ([]Review, error) {
	var found []Review
	err := s.db.Select(ctx, &found, selectReviews+`WHERE v.recording_id = ? ORDER BY v.id LIMIT ?`,
		recording, maxReviews)
	return found, err
}
