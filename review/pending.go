package review

import (
	"context"
	"log/slog"

	"backrow/storage"
)

type hasher struct{}

func newHasher(int) *hasher { return &hasher{} }

type outbox struct{}

func newOutbox(Mailer, *slog.Logger) *outbox { return &outbox{} }

func (*outbox) close(context.Context) error { return nil }

func pending() error { return storage.Errorf(storage.Unavailable, "This is not there yet.") }

// NewSMTP makes the Mailer that o describes; nil, without an error, when o names no host.
func NewSMTP(o SMTPOptions) (Mailer, error) { return nil, pending() }

// CreateUser adds a user. Repeating it with the same id and address returns the user; an address that is taken is a Conflict.
func (s *Service) CreateUser(ctx context.Context, actor storage.ID, n NewUser) (User, error) {
	return User{}, pending()
}

// Authenticate returns the user whose address and password these are; Unauthenticated otherwise.
func (s *Service) Authenticate(ctx context.Context, email, password string) (User, error) {
	return User{}, pending()
}

// User reads one user.
func (s *Service) User(ctx context.Context, id storage.ID) (User, error) { return User{}, pending() }

// UserByEmail reads the user with an address.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	return User{}, pending()
}

// Users reads those of the users named that exist.
func (s *Service) Users(ctx context.Context, ids []storage.ID) (map[storage.ID]User, error) {
	return nil, pending()
}

// Names reads the names of users.
func (s *Service) Names(ctx context.Context, ids []storage.ID) (map[storage.ID]string, error) {
	return nil, pending()
}

// AllUsers lists every user for the operator.
func (s *Service) AllUsers(ctx context.Context, p Page) (List[User], error) {
	return List[User]{}, pending()
}

// Rename changes a user's name.
func (s *Service) Rename(ctx context.Context, user storage.ID, name string) (User, error) {
	return User{}, pending()
}

// ChangePassword replaces a user's password, given the old one. Every session of theirs ends.
func (s *Service) ChangePassword(ctx context.Context, user storage.ID, old, password string) (User, error) {
	return User{}, pending()
}

// SetPassword replaces a user's password. Every session of theirs ends.
func (s *Service) SetPassword(ctx context.Context, actor, user storage.ID, password string) (User, error) {
	return User{}, pending()
}

// Disable ends a user's sessions and keeps them out. The last operator cannot be disabled.
func (s *Service) Disable(ctx context.Context, actor, user storage.ID) error { return pending() }

// Enable lets a disabled user in again.
func (s *Service) Enable(ctx context.Context, actor, user storage.ID) error { return pending() }

// AskPasswordReset mails a link to the address if it is a user's.
func (s *Service) AskPasswordReset(ctx context.Context, email string) error { return pending() }

// NewPasswordReset makes a link for a user without mailing it.
func (s *Service) NewPasswordReset(ctx context.Context, actor, user storage.ID) (token string, err error) {
	return "", pending()
}

// PasswordReset says whose password a token may reset.
func (s *Service) PasswordReset(ctx context.Context, token string) (User, error) {
	return User{}, pending()
}

// ResetPassword sets the password of the user whose token it is; the token is used up.
func (s *Service) ResetPassword(ctx context.Context, token, password string) (User, error) {
	return User{}, pending()
}

// OpenSetup makes the token of the one-time link, in place of an earlier one; "" when there is an operator.
func (s *Service) OpenSetup(ctx context.Context) (token string, err error) { return "", pending() }

// CheckSetup returns nil when setup is open and token opens it.
func (s *Service) CheckSetup(ctx context.Context, token string) error { return pending() }

// SetUp makes the first operator, who is also lead of the first program.
func (s *Service) SetUp(ctx context.Context, f Setup) (User, Program, error) {
	return User{}, Program{}, pending()
}

// SiteName is the name given at setup, "Backrow" before.
func (s *Service) SiteName(ctx context.Context) (string, error) { return "", pending() }

// CreateProgram adds a program.
func (s *Service) CreateProgram(ctx context.Context, actor storage.ID, p Program) (Program, error) {
	return Program{}, pending()
}

// RenameProgram changes a program's name.
func (s *Service) RenameProgram(ctx context.Context, actor, program storage.ID, name string) (Program, error) {
	return Program{}, pending()
}

// Program reads one program.
func (s *Service) Program(ctx context.Context, id storage.ID) (Program, error) {
	return Program{}, pending()
}

// AllPrograms lists every program for the operator.
func (s *Service) AllPrograms(ctx context.Context, p Page) (List[Program], error) {
	return List[Program]{}, pending()
}

// Programs lists the memberships of a user, at most 200.
func (s *Service) Programs(ctx context.Context, user storage.ID) ([]Member, error) {
	return nil, pending()
}

// Members lists the members of a program.
func (s *Service) Members(ctx context.Context, program storage.ID, p Page) (List[Member], error) {
	return List[Member]{}, pending()
}

// Member reads one membership.
func (s *Service) Member(ctx context.Context, program, user storage.ID) (Member, error) {
	return Member{}, pending()
}

// AddMember puts a user into a program.
func (s *Service) AddMember(ctx context.Context, actor, program, user storage.ID, role Role) (Member, error) {
	return Member{}, pending()
}

// SetRole changes a member's role.
func (s *Service) SetRole(ctx context.Context, actor, program, user storage.ID, role Role) (Member, error) {
	return Member{}, pending()
}

// RemoveMember takes a user out of a program.
func (s *Service) RemoveMember(ctx context.Context, actor, program, user storage.ID) error {
	return pending()
}

// Invite makes an invitation and its token.
func (s *Service) Invite(ctx context.Context, actor storage.ID, n NewInvitation) (Invitation, string, error) {
	return Invitation{}, "", pending()
}

// InvitationLink is the address of the page where a token is accepted.
func (s *Service) InvitationLink(token string) string { return s.publicURL + "/invite/" + token }

// ResetLink is the address of the page where a password is reset.
func (s *Service) ResetLink(token string) string { return s.publicURL + "/reset/" + token }

// Invitation reads the open invitation whose token it is.
func (s *Service) Invitation(ctx context.Context, token string) (Invitation, error) {
	return Invitation{}, pending()
}

// Invitations lists the open invitations of a program.
func (s *Service) Invitations(ctx context.Context, program storage.ID, p Page) (List[Invitation], error) {
	return List[Invitation]{}, pending()
}

// RevokeInvitation takes an invitation back.
func (s *Service) RevokeInvitation(ctx context.Context, actor, program, id storage.ID) error {
	return pending()
}

// AcceptNew accepts an invitation by making the account it invites.
func (s *Service) AcceptNew(ctx context.Context, token, name, password string) (User, Member, error) {
	return User{}, Member{}, pending()
}

// AcceptAs accepts an invitation as a user who is signed in and whose address was invited.
func (s *Service) AcceptAs(ctx context.Context, token string, user storage.ID) (Member, error) {
	return Member{}, pending()
}

// CreateFramework adds a framework to a program.
func (s *Service) CreateFramework(ctx context.Context, actor storage.ID, f Framework) (Framework, error) {
	return Framework{}, pending()
}

// Frameworks lists the frameworks of a program.
func (s *Service) Frameworks(ctx context.Context, program storage.ID) ([]Framework, error) {
	return nil, pending()
}

// AddArea adds an area to a framework, last among its siblings.
func (s *Service) AddArea(ctx context.Context, actor storage.ID, a Area) (Area, error) {
	return Area{}, pending()
}

// EditArea changes an area's name and description; program is the one it must belong to.
func (s *Service) EditArea(ctx context.Context, actor, program storage.ID, a Area) (Area, error) {
	return Area{}, pending()
}

// RemoveArea removes an area that nobody works on and that has none below it.
func (s *Service) RemoveArea(ctx context.Context, actor, program, id storage.ID) error {
	return pending()
}

// Areas lists a program's areas, each after its parent.
func (s *Service) Areas(ctx context.Context, program storage.ID) ([]Area, error) {
	return nil, pending()
}

// AddTargetArea gives a teacher an area to work on, with a hue that no other active one has.
func (s *Service) AddTargetArea(ctx context.Context, actor storage.ID, t TargetArea) (TargetArea, error) {
	return TargetArea{}, pending()
}

// EditTargetArea changes a target area if version is its present one.
func (s *Service) EditTargetArea(ctx context.Context, actor, id storage.ID, version int64, e TargetEdit) (TargetArea, error) {
	return TargetArea{}, pending()
}

// TargetArea reads one target area.
func (s *Service) TargetArea(ctx context.Context, id storage.ID) (TargetArea, error) {
	return TargetArea{}, pending()
}

// TargetAreas lists what a teacher works on in a program, active ones first.
func (s *Service) TargetAreas(ctx context.Context, program, teacher storage.ID) ([]TargetArea, error) {
	return nil, pending()
}

// TargetAreasSeen lists what a teacher works on in those programs where viewer may know it.
func (s *Service) TargetAreasSeen(ctx context.Context, viewer, teacher storage.ID) ([]TargetArea, error) {
	return nil, pending()
}

// SetRecordingTargetAreas says which of its owner's target areas a recording is about.
func (s *Service) SetRecordingTargetAreas(ctx context.Context, tx *storage.Tx, recording storage.ID, ids []storage.ID) error {
	return pending()
}

// RecordingTargetAreas lists the target areas that a recording is about.
func (s *Service) RecordingTargetAreas(ctx context.Context, recording storage.ID) ([]TargetArea, error) {
	return nil, pending()
}

// Pair begins a cycle.
func (s *Service) Pair(ctx context.Context, actor storage.ID, c Cycle) (Cycle, error) {
	return Cycle{}, pending()
}

// EndCycle ends a cycle of a program today.
func (s *Service) EndCycle(ctx context.Context, actor, program, id storage.ID) error {
	return pending()
}

// Cycles lists the cycles of a program, latest first.
func (s *Service) Cycles(ctx context.Context, program storage.ID, p Page) (List[Cycle], error) {
	return List[Cycle]{}, pending()
}

// InstructorsOf lists the running cycles of a teacher.
func (s *Service) InstructorsOf(ctx context.Context, teacher storage.ID) ([]Cycle, error) {
	return nil, pending()
}

// Share lets a member of the recording's program see it.
func (s *Service) Share(ctx context.Context, actor storage.ID, sh Share) (Share, error) {
	return Share{}, pending()
}

// Unshare takes a share back.
func (s *Service) Unshare(ctx context.Context, actor, recording, user storage.ID) error {
	return pending()
}

// Shares lists who may see a recording.
func (s *Service) Shares(ctx context.Context, recording storage.ID) ([]Share, error) {
	return nil, pending()
}

// RequestReview asks an instructor for a review and gives them a reviewer share.
func (s *Service) RequestReview(ctx context.Context, actor storage.ID, n NewReview) (Review, error) {
	return Review{}, pending()
}

// BeginReview takes the instructor's review of a recording, if there is one requested, to in progress.
func (s *Service) BeginReview(ctx context.Context, instructor, recording storage.ID) error {
	return pending()
}

// ReturnReview returns the instructor's own review of a recording.
func (s *Service) ReturnReview(ctx context.Context, instructor, recording, review storage.ID, version int64, summary string) (Review, error) {
	return Review{}, pending()
}

// AnswerReview says that the teacher has answered a returned review.
func (s *Service) AnswerReview(ctx context.Context, actor, recording, review storage.ID, version int64) (Review, error) {
	return Review{}, pending()
}

// Review reads one review of a recording.
func (s *Service) Review(ctx context.Context, recording, review storage.ID) (Review, error) {
	return Review{}, pending()
}

// Reviews lists the reviews of a recording.
func (s *Service) Reviews(ctx context.Context, recording storage.ID) ([]Review, error) {
	return nil, pending()
}

// MyRecordings lists a teacher's own recordings, latest first.
func (s *Service) MyRecordings(ctx context.Context, owner storage.ID, p Page) (List[Lesson], error) {
	return List[Lesson]{}, pending()
}

// SharedWith lists the recordings that others share with a user, latest first.
func (s *Service) SharedWith(ctx context.Context, user storage.ID, p Page) (List[SharedRecording], error) {
	return List[SharedRecording]{}, pending()
}

// Inbox lists the reviews that wait for an instructor, oldest promise first.
func (s *Service) Inbox(ctx context.Context, instructor storage.ID, p Page) (List[Waiting], error) {
	return List[Waiting]{}, pending()
}

// Caseload lists the teachers whom an instructor works with now.
func (s *Service) Caseload(ctx context.Context, instructor storage.ID, p Page) (List[Coached], error) {
	return List[Coached]{}, pending()
}

// Coverage lists the teachers of a program with how well they are looked after.
func (s *Service) Coverage(ctx context.Context, program storage.ID, p Page) (List[Covered], error) {
	return List[Covered]{}, pending()
}

// Counts counts what the installation holds.
func (s *Service) Counts(ctx context.Context) (Counts, error) { return Counts{}, pending() }

// Audit notes within tx what somebody did. ID and At are set when empty.
func (s *Service) Audit(ctx context.Context, tx *storage.Tx, e Entry) error { return pending() }

// AuditLog lists the audit log, latest first.
func (s *Service) AuditLog(ctx context.Context, p Page) (List[Entry], error) {
	return List[Entry]{}, pending()
}
