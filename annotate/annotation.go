// Package annotate keeps the marks on a recording's timeline and the log of every change to them.
//
// The database is the log. Each recording numbers the changes to its annotations 1, 2, 3, …; a
// change and its event row are written in one transaction, under the lock of the recording's row,
// so the numbers have no gaps and rise in the order of the commits. An event names the thing that
// changed; whoever reads it is given that thing as it is now. So an old event shows nothing that
// has since been edited away, deleted or made private, and applying one twice does no harm.
//
// Log writes and reads; Subscription follows one recording's log, told of new events in process
// and, between nodes, by PostgreSQL's NOTIFY (Log.Run), which carry no more than (recording, seq):
// the rows are the truth. What a private annotation holds leaves this package for its author alone.
// Whether a person may see or annotate a recording at all is asked by the callers, before.
package annotate

import "backrow/storage"

// Kind says what sort of feedback an annotation is.
type Kind string

// The kinds.
const (
	Strength   Kind = "strength"
	Suggestion Kind = "suggestion"
	Question   Kind = "question"
	Note       Kind = "note"
)

// Visibility says who may see an annotation, of those who may see its recording.
type Visibility string

// The visibilities. A draft is as private as a private note until its author shares it.
const (
	Private Visibility = "private"
	Drafted Visibility = "draft"
	Shared  Visibility = "shared"
)

// Person is an author as the screens show them.
type Person struct {
	ID   storage.ID `json:"id"`
	Name string     `json:"name"`
}

// Annotation is one mark: a point (EndMS = StartMS) or a range on the recording's timeline. A
// deleted one has neither text nor replies.
type Annotation struct {
	ID            storage.ID   `json:"id"`
	RecordingID   storage.ID   `json:"recording_id"`
	Author        Person       `json:"author"`
	StartMS       int64        `json:"start_ms"`
	EndMS         int64        `json:"end_ms"`
	Kind          Kind         `json:"kind"`
	TargetAreaIDs []storage.ID `json:"target_area_ids"`
	Text          string       `json:"text"`
	Visibility    Visibility   `json:"visibility"`
	Status        string       `json:"status"` // open, tried, resolved
	Version       int64        `json:"version"`
	CreatedAt     storage.Time `json:"created_at"`
	UpdatedAt     storage.Time `json:"updated_at"`
	Deleted       bool         `json:"deleted"`
	Replies       []Reply      `json:"replies"` // in the order made, without deleted ones
}

// visibleTo is the one place that answers who, of those who may see the recording, may see a.
func (a *Annotation) visibleTo(viewer storage.ID) bool {
	return a.Visibility == Shared || a.Author.ID == viewer
}

// Reply is one answer in the thread of an annotation. A deleted one has no text.
type Reply struct {
	ID           storage.ID   `json:"id"`
	AnnotationID storage.ID   `json:"annotation_id"`
	Author       Person       `json:"author"`
	Text         string       `json:"text"`
	Version      int64        `json:"version"`
	CreatedAt    storage.Time `json:"created_at"`
	UpdatedAt    storage.Time `json:"updated_at"`
	Deleted      bool         `json:"deleted"`
}

// ChangeType names what an event did.
type ChangeType string

// The changes. Removed is never stored: it is what others are told, in the place of any change,
// about an annotation that they may not see any more.
const (
	AnnotationCreated  ChangeType = "annotation_created"
	AnnotationEdited   ChangeType = "annotation_edited"
	AnnotationDeleted  ChangeType = "annotation_deleted"
	AnnotationRestored ChangeType = "annotation_restored"
	AnnotationRemoved  ChangeType = "annotation_removed"
	ReplyCreated       ChangeType = "reply_created"
	ReplyEdited        ChangeType = "reply_edited"
	ReplyDeleted       ChangeType = "reply_deleted"
	ReplyRestored      ChangeType = "reply_restored"
)

// Event is one entry of a recording's log, with the thing that changed as it was when the event
// was read: the annotation with its thread, or the one reply.
type Event struct {
	Seq          int64         `json:"seq"`
	Change       ChangeType    `json:"change"`
	AnnotationID storage.ID    `json:"annotation_id"`
	ActorID      storage.ID    `json:"actor_id,omitempty"`
	At           *storage.Time `json:"at,omitempty"`
	Annotation   *Annotation   `json:"annotation,omitempty"`
	Reply        *Reply        `json:"reply,omitempty"`

	Version int64 `json:"-"` // of the thing, as this event made it

	onlyFor    storage.ID // the one person who may know of it; "": all who may see the recording
	visibility Visibility // of the annotation, when the event was read
	author     storage.ID // of the annotation
}

// For is the event as viewer may see it; false when they may not know of it at all.
func (e Event) For(viewer storage.ID) (Event, bool) {
	switch {
	case e.onlyFor != "" && e.onlyFor != viewer:
		return Event{}, false
	case e.visibility != Shared && e.author != viewer:
		return Event{Seq: e.Seq, Change: AnnotationRemoved, AnnotationID: e.AnnotationID}, true
	}
	return e, true
}
