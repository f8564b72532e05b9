package review

import (
	"context"

	"backrow/storage"
)

// Lesson is one of a teacher's own recordings, as the home page lists it.
type Lesson struct {
	storage.Recording
	Unanswered int      `db:"unanswered"` // others' open marks that the owner has not replied to
	Reviews    []Review `db:"-"`
}

const selectLessons = `SELECT r.*, (SELECT COUNT(*) FROM annotations a
    WHERE a.recording_id = r.id AND a.author_id <> r.owner_id AND a.visibility = 'shared'
        AND a.status = 'open' AND a.deleted_at = ''
        AND NOT EXISTS (SELECT 1 FROM replies p WHERE p.annotation_id = a.id
            AND p.author_id = r.owner_id AND p.deleted_at = '')) AS unanswered
FROM recordings r
WHERE r.owner_id = ? AND r.deleted_at = '' AND r.id < ? ORDER BY r.id DESC LIMIT ?`

// MyRecordings lists a teacher's own recordings, latest first.
func (s *Service) MyRecordings(ctx context.Context, owner storage.ID, p Page) (List[Lesson], error) {
	var found []Lesson
	if err := s.db.Select(ctx, &found, selectLessons, owner, before(p), p.rows()); err != nil {
		return List[Lesson]{}, err
	}
	list := listOf(p, found, func(l Lesson) string { return string(l.ID) })
	if len(list.Items) == 0 {
		return list, nil
	}
	ids := make([]storage.ID, len(list.Items))
	at := make(map[storage.ID]*Lesson, len(list.Items))
	for i := range list.Items {
		ids[i] = list.Items[i].ID
		at[ids[i]] = &list.Items[i]
	}
	var reviews []Review
	if err := s.db.Select(ctx, &reviews, selectReviews+`WHERE v.recording_id IN `+marks(len(ids))+
		` ORDER BY v.id LIMIT 10000`, anys(ids)...); err != nil {
		return List[Lesson]{}, err
	}
	for _, v := range reviews {
		at[v.RecordingID].Reviews = append(at[v.RecordingID].Reviews, v)
	}
	return list, nil
}

// SharedRecording is a recording that somebody shared with the reader of the list.
type SharedRecording struct {
	storage.Recording
	OwnerName string       `db:"owner_name"`
	Access    Access       `db:"access"`
	Until     storage.Time `db:"until"` // of the share; zero: until taken back
}

const (
	selectShared = `SELECT r.*, u.name AS owner_name, s.access, s.until
FROM shares s JOIN recordings r ON r.id = s.recording_id JOIN users u ON u.id = r.owner_id
WHERE s.user_id = ? AND s.recording_id < ? AND (s.until = '' OR s.until > ?) AND r.deleted_at = ''`
	latestShared = ` ORDER BY s.recording_id DESC LIMIT ?`
)

// SharedWith lists the recordings that others share with a user now, latest first.
func (s *Service) SharedWith(ctx context.Context, user storage.ID, p Page,
) (List[SharedRecording], error) {
	var found []SharedRecording
	err := s.db.Select(ctx, &found, selectShared+latestShared, user, before(p), s.now(), p.rows())
	return listOf(p, found, func(r SharedRecording) string { return string(r.ID) }), err
}

// SharedBy lists the recordings that one teacher shares with a user now, latest first.
func (s *Service) SharedBy(ctx context.Context, user, owner storage.ID, p Page,
) (List[SharedRecording], error) {
	var found []SharedRecording
	err := s.db.Select(ctx, &found, selectShared+` AND r.owner_id = ?`+latestShared, user, before(p),
		s.now(), owner, p.rows())
	return listOf(p, found, func(r SharedRecording) string { return string(r.ID) }), err
}

// Waiting is a review that waits for its instructor.
type Waiting struct {
	Review
	Title      string       `db:"title"`
	OwnerID    storage.ID   `db:"owner_id"`
	OwnerName  string       `db:"owner_name"`
	StartedAt  storage.Time `db:"started_at"`
	DurationMS int64        `db:"duration_ms"`
}

// A review whose share was taken back or ran out is none of the instructor's business.
const selectWaiting = `SELECT ` + reviewColumns + `, r.title, r.owner_id, o.name AS owner_name,
    r.started_at, r.duration_ms
FROM reviews v JOIN users i ON i.id = v.instructor_id JOIN recordings r ON r.id = v.recording_id
    JOIN users o ON o.id = r.owner_id
    JOIN shares s ON s.recording_id = v.recording_id AND s.user_id = v.instructor_id
WHERE v.instructor_id = ? AND v.state IN ('requested', 'in_progress')
    AND (v.promised_for, v.id) > (?, ?)
    AND s.access = 'reviewer' AND (s.until = '' OR s.until > ?) AND r.deleted_at = ''
ORDER BY v.promised_for, v.id LIMIT ?`

// Inbox lists the reviews that wait for an instructor, oldest promise first.
func (s *Service) Inbox(ctx context.Context, instructor storage.ID, p Page) (List[Waiting], error) {
	promised, id := p.after2()
	var found []Waiting
	err := s.db.Select(ctx, &found, selectWaiting, instructor, promised, id, s.now(), p.rows())
	return listOf(p, found, func(w Waiting) string {
		return string(w.PromisedFor) + " " + string(w.ID)
	}), err
}

// Count is a number of rows, counted up to a bound.
type Count struct {
	N    int64
	More bool // there are more than N
}

// Counts is what an operator sees of the installation.
type Counts struct {
	Users, Disabled, Programs, Recordings, OpenRecordings, WaitingReviews, FailedProcessing Count
}

// countBound bounds the counting, so that a home page never reads a million rows.
const countBound = 100_000

// Counts counts what the installation holds, each up to 100,000.
func (s *Service) Counts(ctx context.Context) (Counts, error) {
	var c Counts
	for _, one := range []struct {
		into *Count
		of   string
	}{
		{&c.Users, `users`},
		{&c.Disabled, `users WHERE disabled_at <> ''`},
		{&c.Programs, `programs`},
		{&c.Recordings, `recordings`},
		{&c.OpenRecordings, `recordings WHERE state = 'recording' AND deleted_at = ''`},
		{&c.WaitingReviews, `reviews WHERE state IN ('requested', 'in_progress')`},
		{&c.FailedProcessing, `processing WHERE state = 'failed'`},
	} {
		if err := s.db.Get(ctx, &one.into.N, `SELECT COUNT(*) FROM (SELECT 1 FROM `+one.of+
			` LIMIT ?) AS counted`, countBound+1); err != nil {
			return Counts{}, err
		}
		if one.into.N > countBound {
			*one.into = Count{N: countBound, More: true}
		}
	}
	return c, nil
}
