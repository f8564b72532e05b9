package demo

import (
	"context"
	"time"

	"backrow/annotate"
	"backrow/review"
	"backrow/storage"
)

type lesson struct {
	id, take    storage.ID
	title       string
	class       string
	started     time.Time
	seconds     int
	targets     []storage.ID
	feedback    []annotate.Draft
	replies     []answer
	askedReview storage.ID
}

type answer struct {
	id   storage.ID
	to   storage.ID
	from storage.ID
	text string
}

func lessons(now time.Time) []lesson {
	wait, check := []storage.ID{targetWait}, []storage.ID{targetCheck}
	return []lesson{
		{
			id: id(0x101), take: id(0x102), seconds: 48, started: now.Add(-6 * 24 * time.Hour),
			title: "Fractions as division, period 3", class: "5b", targets: []storage.ID{targetWait, targetCheck},
			feedback: []annotate.Draft{
				{ID: id(0x111), StartMS: 4100, EndMS: 4100, Kind: annotate.Strength, TargetAreaIDs: wait,
					Text: "You counted to five before taking the first hand. Three more went up."},
				{ID: id(0x112), StartMS: 13_000, EndMS: 19_500, Kind: annotate.Suggestion, TargetAreaIDs: check,
					Text: "The same table answered four times in a row. Who else could say it back in their own words?"},
				{ID: id(0x113), StartMS: 26_000, EndMS: 26_000, Kind: annotate.Question,
					Text: "What did you hope that the partner talk would show you here?"},
				{ID: id(0x114), StartMS: 37_200, EndMS: 41_000, Kind: annotate.Strength, TargetAreaIDs: []storage.ID{targetWait, targetCheck},
					Text: "Here you waited, and then asked the back row. Somebody who had not spoken explained it."},
			},
			replies: []answer{
				{id(0x121), id(0x111), teacher, "I did not notice that while teaching."},
				{id(0x122), id(0x112), teacher, "I see it now. Next time I will go round the tables before I write it up."},
				{id(0x123), id(0x112), instructor, "Try it with a card for each table on your desk."},
			},
		},
		{
			id: id(0x201), take: id(0x202), seconds: 36, started: now.Add(-26 * time.Hour),
			title: "Fractions on a line, period 3", class: "5b", targets: []storage.ID{targetWait, targetCheck},
			askedReview: id(0x203),
			feedback: []annotate.Draft{
				{ID: id(0x211), StartMS: 9500, EndMS: 9500, Kind: annotate.Strength, TargetAreaIDs: check,
					Text: "A hand from every table before you moved on."},
				{ID: id(0x212), StartMS: 21_000, EndMS: 25_000, Kind: annotate.Question, TargetAreaIDs: wait,
					Text: "Four seconds here, one second earlier. What made the difference?"},
			},
		},
	}
}

// fillLesson makes a lesson that is not there yet: the recording, its media, who may see it, and
// what was said about it.
func (h House) fillLesson(ctx context.Context, l lesson) error {
	r, err := h.Catalogue.Recording(ctx, l.id)
	if storage.KindOf(err) == storage.NotFound {
		err = h.Catalogue.DB().InTx(ctx, func(tx *storage.Tx) error {
			r, err = h.Catalogue.CreateRecording(ctx, tx, storage.Recording{
				ID: l.id, ProgramID: program, OwnerID: teacher, Title: l.title, Class: l.class,
				StartedAt: storage.At(l.started),
			})
			if err != nil {
				return err
			}
			return h.People.SetRecordingTargetAreas(ctx, tx, l.id, l.targets)
		})
	}
	if storage.KindOf(err) == storage.Conflict { // somebody deleted it: it stays so
		return nil
	}
	if err != nil {
		return err
	}
	if r.State == storage.StateReady {
		return nil
	}
	if err := h.makeMedia(ctx, l); err != nil {
		return err
	}
	if _, err := h.People.Share(ctx, teacher, review.Share{
		RecordingID: l.id, UserID: instructor, Access: review.Reviewer,
	}); err != nil {
		return err
	}
	if l.askedReview != "" {
		if _, err := h.People.RequestReview(ctx, teacher, review.NewReview{
			ID: l.askedReview, RecordingID: l.id, InstructorID: instructor,
		}); err != nil {
			return err
		}
	}
	for _, draft := range l.feedback {
		draft.RecordingID = l.id
		if _, _, err := h.Marks.Create(ctx, instructor, draft); err != nil {
			return err
		}
	}
	for _, a := range l.replies {
		if _, _, err := h.Marks.Reply(ctx, a.from, annotate.ReplyDraft{
			ID: a.id, RecordingID: l.id, AnnotationID: a.to, Text: a.text,
		}); err != nil {
			return err
		}
	}
	// Last: a lesson that is ready is one that is whole.
	if err := h.Catalogue.StopRecording(ctx, l.id, -1); err != nil {
		return err
	}
	return h.Catalogue.FinishRecording(ctx, l.id, h.Ready)
}
