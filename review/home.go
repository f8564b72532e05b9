package review

import "backrow/storage"

// Lesson is one of a teacher's own recordings, as the home page lists it.
type Lesson struct {
	storage.Recording
	Unanswered int      `db:"unanswered"` // marks of others that the owner has not replied to
	Reviews    []Review `db:"-"`
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

// SharedRecording is a recording that somebody shared with the reader of the list.
type SharedRecording struct {
	storage.Recording
	OwnerName string       `db:"owner_name"`
	Access    Access       `db:"access"`
	Until     storage.Time `db:"until"`
}

// Coached is a teacher whom an instructor works with now.
type Coached struct {
	Cycle
	Waiting      int          `db:"waiting"`       // reviews that the teacher waits for
	LastFeedback storage.Time `db:"last_feedback"` // by this instructor; zero: none yet
	// DaysSince counts whole days since the last feedback, or since the cycle began.
	DaysSince int `db:"-"`
}

// Covered is how well a teacher of a program is looked after. It tells nothing of recordings that
// the teacher has not shared with anybody.
type Covered struct {
	TeacherID    storage.ID   `db:"teacher_id"`
	TeacherName  string       `db:"teacher_name"`
	Instructors  []Cycle      `db:"-"`             // running
	LastShared   storage.Time `db:"last_shared"`   // when the latest shared recording began; zero: none
	LastFeedback storage.Time `db:"last_feedback"` // zero: none yet
	Waiting      int          `db:"waiting"`       // reviews requested and not returned
	WaitingSince storage.Time `db:"waiting_since"` // of the oldest of them
	DaysSince    int          `db:"-"`             // since the last feedback, or since they joined
	JoinedAt     storage.Time `db:"joined_at"`
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
