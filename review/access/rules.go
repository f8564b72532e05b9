// Package access is the one place that answers whether a person may do something. Every handler
// and the socket ask Policy.May, and nothing else decides.
//
// How it decides is a table: for each action, the kind of thing that it is done to and the
// relations to that thing that allow it. A person's relations to a thing are read from
// the database at every question, in one query, so that what is taken away is gone at once.
//
// Who has no relation at all to a thing must not learn that it exists: that is NotFound. Who may
// know of it, but not do this to it, gets Forbidden.
package access

// Action is something that a person may or may not do.
type Action string

// What is done to a recording; the subject is its id.
const (
	SeeRecording      Action = "see_recording"      // page, playlist, media, marks, live feed, reviews
	EditRecording     Action = "edit_recording"     // title, class, target areas, retry of its processing
	DeleteRecording   Action = "delete_recording"   //
	Capture           Action = "capture"            // send takes to it, stop it
	DownloadRecording Action = "download_recording" // the MP4 as a file
	Annotate          Action = "annotate"           //
	Reply             Action = "reply"              //
	Share             Action = "share"              // see and change who may see it
	RequestReview     Action = "request_review"     //
	ReturnReview      Action = "return_review"      // begin and return one's own review of it
	AnswerReview      Action = "answer_review"      //
	DownloadReport    Action = "download_report"    //
)

// What is done in a program; the subject is its id.
const (
	SeeProgram    Action = "see_program"    // its name, members by name and role, framework
	Record        Action = "record"         // begin a recording that belongs to it
	ManageProgram Action = "manage_program" // members, framework, cycles and pairing
	Invite        Action = "invite"         //
	SeeCoverage   Action = "see_coverage"   // who is waiting, who has had nothing for how long
)

// What is done about a person; the subject is the user's id.
const (
	SeePerson     Action = "see_person"      // their page: target areas over time
	AddTargetArea Action = "add_target_area" //
	ChangePerson  Action = "change_person"   // one's own name and password
)

// What is done to a target area; the subject is its id.
const EditTargetArea Action = "edit_target_area"

// What is done to the installation; the subject is left empty.
const Administer Action = "administer"
