// Package demo fills a demonstration program, so that there is something to look at within a
// minute: a teacher, an instructor and a lead; a framework; target areas; and two short lessons with
// feedback, drawn and encoded on the spot. It goes through the same doors as everything else, and
// all its ids are fixed: filling again completes what is missing and changes nothing else.
package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"backrow/annotate"
	"backrow/review"
	"backrow/storage"
	"backrow/storage/objects"
	"backrow/transcode/ffmpeg"
)

// House is what the demonstration is put into.
type House struct {
	Catalogue *storage.Catalogue
	Objects   objects.Putter
	People    *review.Service
	Marks     *annotate.Log
	FFmpeg    ffmpeg.Tools
	Scratch   string // a folder for files while lessons are made; it must exist

	// Ready queues the work on a recording's renditions, in the transaction that settles it.
	Ready func(ctx context.Context, tx *storage.Tx, r storage.Recording) error
}

// The addresses that sign in.
const (
	TeacherEmail    = "teacher@example.org"
	InstructorEmail = "instructor@example.org"
	LeadEmail       = "lead@example.org"
)

// id makes the fixed ids: version 7, variant RFC 9562, with n at the end.
func id(n int) storage.ID { return storage.ID(fmt.Sprintf("01930000-0000-7000-8000-%012x", n)) }

var (
	program   = id(0x10)
	framework = id(0x11)
	cycle     = id(0x12)

	teacher    = id(0x21)
	instructor = id(0x22)
	lead       = id(0x23)
)

// Fill makes what is missing of the demonstration and gives its three people the password; a
// random one when it is empty. It returns the password.
func Fill(ctx context.Context, h House, password string) (string, error) {
	if password == "" {
		password = rand.Text()[:16]
	}
	if err := h.fillPeople(ctx, password); err != nil {
		return "", err
	}
	if err := h.fillAreas(ctx); err != nil {
		return "", err
	}
	for _, l := range lessons(time.Now()) {
		if err := h.fillLesson(ctx, l); err != nil {
			return "", err
		}
	}
	return password, nil
}

func (h House) fillPeople(ctx context.Context, password string) error {
	if _, err := h.People.CreateProgram(ctx, "", review.Program{ID: program, Name: "Riverside Teacher Residency"}); err != nil {
		return err
	}
	for _, person := range []struct {
		id          storage.ID
		email, name string
		role        review.Role
	}{
		{lead, LeadEmail, "Samuel Adeyemi", review.Lead},
		{instructor, InstructorEmail, "Maya Lindqvist", review.Instructor},
		{teacher, TeacherEmail, "Dana Ortiz", review.Teacher},
	} {
		_, err := h.People.UserByEmail(ctx, person.email)
		switch storage.KindOf(err) {
		case "":
			// A new password would sign them out at every start.
			if _, err = h.People.Authenticate(ctx, person.email, password); err != nil {
				_, err = h.People.SetPassword(ctx, "", person.id, password)
			}
		case storage.NotFound:
			_, err = h.People.CreateUser(ctx, "", review.NewUser{
				ID: person.id, Email: person.email, Name: person.name, Password: password,
			})
		}
		if err != nil {
			return err
		}
		if _, err := h.People.Member(ctx, program, person.id); storage.KindOf(err) == storage.NotFound {
			_, err = h.People.AddMember(ctx, "", program, person.id, person.role)
			if err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
	}
	weeksAgo := review.DayOf(time.Now()).Add(-3 * 7)
	_, err := h.People.Pair(ctx, lead, review.Cycle{
		ID: cycle, ProgramID: program, InstructorID: instructor, TeacherID: teacher,
		StartsOn: weeksAgo, EndsOn: weeksAgo.Add(9*7 - 1),
	})
	if storage.KindOf(err) == storage.Conflict { // it has been there for some days
		return nil
	}
	return err
}

// The areas of the framework, and those that the teacher works on.
var (
	questioning   = id(0x31)
	waitTime      = id(0x32)
	checking      = id(0x33)
	talk          = id(0x34)
	partnerTalk   = id(0x35)
	transitions   = id(0x36)
	targetWait    = id(0x41)
	targetCheck   = id(0x42)
	frameworkName = "Classrooms that think"
)

func (h House) fillAreas(ctx context.Context) error {
	if _, err := h.People.CreateFramework(ctx, lead, review.Framework{
		ID: framework, ProgramID: program, Name: frameworkName,
	}); err != nil {
		return err
	}
	for _, a := range []review.Area{
		{ID: questioning, Name: "Questioning", Description: "Questions that make everybody think."},
		{ID: waitTime, ParentID: questioning, Name: "Wait time",
			Description: "Three seconds and more between a question and the first hand taken."},
		{ID: checking, ParentID: questioning, Name: "Checking understanding",
			Description: "Hearing from those who have not spoken, not only from those who know."},
		{ID: talk, Name: "Talk", Description: "Pupils explain to each other."},
		{ID: partnerTalk, ParentID: talk, Name: "Partner talk", Description: "Short, with a question worth it."},
		{ID: transitions, ParentID: talk, Name: "Transitions", Description: "From one way of working to the next."},
	} {
		a.FrameworkID = framework
		if _, err := h.People.AddArea(ctx, lead, program, a); err != nil {
			return err
		}
	}
	due := review.DayOf(time.Now()).Add(4 * 7)
	for _, t := range []review.TargetArea{
		{ID: targetWait, AreaID: waitTime, Hue: 1, Goal: "Wait before taking the first hand, every time.",
			Measure: "I count to five, and at least six hands are up."},
		{ID: targetCheck, AreaID: checking, Hue: 2, Goal: "Hear from each table before moving on.",
			Measure: "Somebody from every table has said it in their own words."},
	} {
		t.ProgramID, t.TeacherID, t.DueOn, t.Status = program, teacher, due, review.Active
		_, err := h.People.TargetArea(ctx, t.ID)
		if storage.KindOf(err) == storage.NotFound {
			_, err = h.People.AddTargetArea(ctx, teacher, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
