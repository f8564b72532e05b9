// Package report writes the account of a lesson that people take home: what was marked, when, for
// which target area and what was answered, as a PDF to read and print and as CSV to reckon with.
//
// It promises that every name and text prints, in whatever script it is written; that the same
// document gives the same bytes; and that its work is bounded whatever it is given (see MaxMarks
// and the limits beside it). It knows no database and no permissions: whoever fills a Document has
// already left out what its reader may not see.
package report

import (
	"time"
)

// Limits of one report. What is beyond them is left out, and the report says so.
const (
	MaxMarks      = 2000      // in one document
	MaxAreas      = 50        // target areas in one document
	MaxReplies    = 200       // to one mark
	MaxPeople     = 50        // instructors in the header, and reviews
	MaxText       = 20_000    // runes of one text
	MaxName       = 300       // runes of one name or title
	MaxRunes      = 1 << 19   // runes of all texts together, in a PDF
	MaxStillBytes = 512 << 10 // of one still; a larger one is left out
	MaxStillSide  = 2048      // pixels of a still's longer side; a larger one is left out
	MaxStills     = 32 << 20  // bytes of all stills together, in a PDF
)

// Kind is what a mark is.
type Kind string

// The kinds, in the order in which they are counted and shown. Any other is shown as a note.
const (
	Strength   Kind = "strength"
	Suggestion Kind = "suggestion"
	Question   Kind = "question"
	Note       Kind = "note"
)

// Kinds are all kinds in order.
func Kinds() []Kind { return []Kind{Strength, Suggestion, Question, Note} }

// known is k, or Note for a kind that this version does not know.
func (k Kind) known() Kind {
	switch k {
	case Strength, Suggestion, Question:
		return k
	}
	return Note
}

// Paper is the size of a PDF's pages.
type Paper int

// The sizes.
const (
	A4     Paper = iota // 210 × 297 mm
	Letter              // 8.5 × 11 in
)

// Document is everything that a report says. The zero value is a valid, empty report.
type Document struct {
	Title       string // of the recording
	Class       string
	Program     string
	Teacher     string
	Instructors []string
	RecordedAt  time.Time
	Duration    time.Duration
	GeneratedAt time.Time      // also the PDF's date of creation
	Zone        *time.Location // the reader's; nil is UTC
	Lang        string         // of the report's own words: BCP 47; en unless es
	Paper       Paper

	Reviews []Review
	Areas   []Area // in the order in which they are to be shown
	Marks   []Mark // in any order; shown by start
}

// Review is what an instructor wrote about the recording as a whole.
type Review struct {
	Instructor string
	Summary    string
	ReturnedAt time.Time // zero: not yet
}

// Area is a target area of the teacher.
type Area struct {
	ID      string
	Name    string
	Goal    string
	Measure string // how it would show in the room
	DueOn   string // YYYY-MM-DD, or empty
	Hue     int    // 1 to 9: which of the area colours; any other: by position
}

// Mark is one annotation.
type Mark struct {
	Start, End time.Duration // on the recording's timeline; a point has End == Start
	Kind       Kind
	AreaIDs    []string // of Document.Areas; none or unknown ones only: a mark without area
	Text       string
	Author     string
	CreatedAt  time.Time
	Private    bool   // seen by its author alone, which the report says beside it
	Still      []byte // JPEG of the frame at Start, best 320 to 480 pixels wide; nil: none
	Replies    []Reply
}

// Reply is one answer to a mark.
type Reply struct {
	Author string
	Text   string
	At     time.Time
}
