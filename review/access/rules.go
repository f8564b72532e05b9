package access

import (
	"maps"
	"slices"
)

// Action is something that a person may or may not do.
type Action string

// What is done to a recording; the subject is its id.
const (
	SeeRecording      Action = "see_recording"      // page, playlist, media, marks, live feed, reviews
	EditRecording     Action = "edit_recording"     // title, class, target areas, retry of its processing
	DeleteRecording   Action = "delete_recording"   // hide it from everyone
	Capture           Action = "capture"            // send takes to it, stop it
	DownloadRecording Action = "download_recording" // take the MP4 away as a file
	Annotate          Action = "annotate"           // give feedback
	Reply             Action = "reply"              // answer feedback
	Share             Action = "share"              // see and change who may see it
	RequestReview     Action = "request_review"     // ask an instructor for one
	ReturnReview      Action = "return_review"      // begin and return one's own review of it
	AnswerReview      Action = "answer_review"      // say that a returned review has been answered
	DownloadReport    Action = "download_report"    // as PDF or CSV
)

// What is done in a program; the subject is its id.
const (
	SeeProgram    Action = "see_program"    // its name, its members by name and role, its framework
	Record        Action = "record"         // begin a recording that belongs to it
	ManageProgram Action = "manage_program" // name, members, framework, cycles and pairing
	Invite        Action = "invite"         // see, make and take back invitations
	SeeCoverage   Action = "see_coverage"   // who is waiting, who has had nothing for how long
)

// What is done about a person; the subject is the user's id.
const (
	SeePerson     Action = "see_person"      // their page: target areas over time
	AddTargetArea Action = "add_target_area" // ask with MayIn: it is done in one program
	ChangePerson  Action = "change_person"   // name and password
)

// EditTargetArea is done to a target area; the subject is its id.
const EditTargetArea Action = "edit_target_area"

// Administer is done to the installation: users, programs, audit log, health. It has no subject.
const Administer Action = "administer"

// Subject is a kind of thing that actions are done to.
type Subject string

// The kinds of subject.
const (
	Recording    Subject = "recording"
	Program      Subject = "program"
	Person       Subject = "person"
	TargetArea   Subject = "target_area"
	Installation Subject = "installation"
)

// relation is a set of what binds a user to a subject.
type relation uint

// To a recording.
const (
	owner     relation = 1 << iota
	reviewer           // by a share that runs
	viewer             // by a share that runs
	reviewing          // reviewer, and a review was requested of them

	// To a program.
	teacher
	instructor
	lead

	// To a person, or to the teacher of a target area.
	self
	coach  // instructor of the pair, in a cycle that runs
	leader // lead of a program that the person is a member of
	fellow // member of a program that the person is a member of

	operator
)

type rule struct {
	subject Subject
	allowed relation
}

// rules is the whole of it.
var rules = map[Action]rule{
	SeeRecording:      {Recording, owner | reviewer | viewer},
	EditRecording:     {Recording, owner},
	DeleteRecording:   {Recording, owner},
	Capture:           {Recording, owner},
	DownloadRecording: {Recording, owner},
	Annotate:          {Recording, owner | reviewer},
	Reply:             {Recording, owner | reviewer | viewer},
	Share:             {Recording, owner},
	RequestReview:     {Recording, owner},
	ReturnReview:      {Recording, reviewing},
	AnswerReview:      {Recording, owner},
	DownloadReport:    {Recording, owner | reviewer},

	SeeProgram:    {Program, teacher | instructor | lead | operator},
	Record:        {Program, teacher | instructor | lead},
	ManageProgram: {Program, lead | operator},
	Invite:        {Program, lead | operator},
	SeeCoverage:   {Program, lead},

	SeePerson:     {Person, self | coach | leader},
	AddTargetArea: {Person, self | coach},
	ChangePerson:  {Person, self},

	EditTargetArea: {TargetArea, self | coach},

	Administer: {Installation, operator},
}

// secret is what does not let a user know that a subject exists, though it binds the two: who
// shares a program knows a person, but not what the person works on.
var secret = map[Subject]relation{TargetArea: fellow | operator}

// Actions lists every action, for tests that go through all of them.
func Actions() []Action { return slices.Sorted(maps.Keys(rules)) }

// SubjectOf says what an action is done to; "" for what is no action.
func SubjectOf(a Action) Subject { return rules[a].subject }
