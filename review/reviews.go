package review

import "backrow/storage"

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
	ReturnedAt     storage.Time `db:"returned_at"`
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
