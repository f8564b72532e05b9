// Package access is the one place that answers whether a person may do something. Every handler
// and the socket ask Policy.May, and nothing else decides.
//
// How it decides is a table, in rules.go: for each action, the kind of thing that it is done to
// and the relations to that thing that allow it. A person's relations to a thing are read from the
// database at every question, by one query, so that what is taken away is gone at once.
//
// Whoever has no relation to a thing must not learn that it exists: that is NotFound. Who may know
// of it, but not do this to it, gets Forbidden.
package access

import (
	"context"
	"time"

	"backrow/storage"
)

// Policy answers whether a person may do something. It is safe for concurrent use.
type Policy struct {
	db  *storage.DB
	now func() time.Time
}

// New is the policy over the people, shares and reviews that db keeps.
func New(db *storage.DB) *Policy { return &Policy{db: db, now: time.Now} }

// May returns nil when user may do action to subject, which is the id of what SubjectOf says;
// otherwise Unauthenticated when user is empty, unknown or disabled, NotFound when the existence
// of the subject is a secret from user, and Forbidden when it is not.
func (p *Policy) May(ctx context.Context, user storage.ID, action Action, subject storage.ID) error {
	return p.MayIn(ctx, user, action, "", subject)
}

// MayIn is May, for an action on a person, counting only what binds the two in one program.
func (p *Policy) MayIn(ctx context.Context, user storage.ID, action Action,
	program, subject storage.ID,
) error {
	r, ok := rules[action]
	if !ok {
		return storage.Errorf(storage.Internal, "There is no action %q.", action)
	}
	bound, err := p.relations(ctx, user, r.subject, program, subject)
	switch {
	case storage.KindOf(err) == storage.NotFound:
		return storage.Errorf(storage.Unauthenticated, "Please sign in.")
	case err != nil:
		return err
	case bound&r.allowed != 0:
		return nil
	case bound&^secret[r.subject] != 0 || r.subject == Installation:
		return storage.Errorf(storage.Forbidden, "You may not do that.")
	}
	return storage.Errorf(storage.NotFound, "That does not exist, or you may not see it.")
}

// maxPrograms bounds the programs of one person.
const maxPrograms = 200

// Programs lists those of a person's programs in which user may do action to them.
func (p *Policy) Programs(ctx context.Context, user storage.ID, action Action, person storage.ID,
) ([]storage.ID, error) {
	var theirs []storage.ID
	if err := p.db.Select(ctx, &theirs, `SELECT program_id FROM members WHERE user_id = ?
ORDER BY program_id LIMIT ?`, person, maxPrograms); err != nil {
		return nil, err
	}
	var allowed []storage.ID
	for _, program := range theirs {
		switch err := p.MayIn(ctx, user, action, program, person); storage.KindOf(err) {
		case "":
			allowed = append(allowed, program)
		case storage.NotFound, storage.Forbidden:
		default:
			return nil, err
		}
	}
	return allowed, nil
}

// Gate is the policy for rooms below this one, which name actions by their text.
type Gate struct{ Policy *Policy }

// May is Policy.May.
func (g Gate) May(ctx context.Context, user storage.ID, action string, subject storage.ID) error {
	return g.Policy.May(ctx, user, Action(action), subject)
}

// relations reads what binds user to subject: NotFound when there is no such user who may sign in.
func (p *Policy) relations(ctx context.Context, user storage.ID, kind Subject,
	program, subject storage.ID,
) (relation, error) {
	switch kind {
	case Recording:
		return p.toRecording(ctx, user, subject)
	case Program:
		return p.toProgram(ctx, user, subject)
	case Person:
		return p.toPerson(ctx, user, program, subject)
	case TargetArea:
		return p.toTargetArea(ctx, user, subject)
	}
	return p.toInstallation(ctx, user)
}

const recordingRelations = `SELECT CASE WHEN r.owner_id = u.id THEN 1 ELSE 0 END AS owner,
    COALESCE((SELECT s.access FROM shares s WHERE s.recording_id = r.id AND s.user_id = u.id
        AND (s.until = '' OR s.until > ?)), '') AS access,
    (SELECT COUNT(*) FROM reviews v WHERE v.recording_id = r.id AND v.instructor_id = u.id)
        AS reviews
FROM users u LEFT JOIN recordings r ON r.id = ? AND r.deleted_at = ''
WHERE u.id = ? AND u.disabled_at = ''`

func (p *Policy) toRecording(ctx context.Context, user, recording storage.ID) (relation, error) {
	var row struct {
		Owner   bool   `db:"owner"`
		Access  string `db:"access"`
		Reviews int    `db:"reviews"`
	}
	err := p.db.Get(ctx, &row, recordingRelations, storage.At(p.now()), recording, user)
	bound := when(row.Owner, owner) | when(row.Access == "viewer", viewer)
	if row.Access == "reviewer" {
		bound |= reviewer | when(row.Reviews > 0, reviewing)
	}
	return bound, err
}

const programRelations = `SELECT u.is_operator, COALESCE(p.id, '') AS program,
    COALESCE(m.role, '') AS role
FROM users u LEFT JOIN programs p ON p.id = ?
    LEFT JOIN members m ON m.program_id = p.id AND m.user_id = u.id
WHERE u.id = ? AND u.disabled_at = ''`

func (p *Policy) toProgram(ctx context.Context, user, program storage.ID) (relation, error) {
	var row struct {
		IsOperator bool       `db:"is_operator"`
		Program    storage.ID `db:"program"`
		Role       string     `db:"role"`
	}
	err := p.db.Get(ctx, &row, programRelations, program, user)
	return when(row.IsOperator && row.Program != "", operator) | when(row.Role == "teacher", teacher) |
		when(row.Role == "instructor", instructor) | when(row.Role == "lead", lead), err
}

func (p *Policy) toInstallation(ctx context.Context, user storage.ID) (relation, error) {
	var isOperator bool
	err := p.db.Get(ctx, &isOperator, `SELECT is_operator FROM users WHERE id = ? AND disabled_at = ''`,
		user)
	return when(isOperator, operator), err
}

// personRelations counts a cycle only while both are members of its program still, and the one an
// instructor or a lead in it.
const personRelations = `SELECT u.is_operator, COALESCE(t.id, '') AS person,
    (SELECT COUNT(*) FROM members a JOIN members b ON b.program_id = a.program_id
        WHERE a.user_id = u.id AND b.user_id = t.id AND (? = '' OR a.program_id = ?)) AS programs,
    (SELECT COUNT(*) FROM members a JOIN members b ON b.program_id = a.program_id
        WHERE a.user_id = u.id AND b.user_id = t.id AND (? = '' OR a.program_id = ?)
            AND a.role = 'lead') AS leads,
    (SELECT COUNT(*) FROM cycles c
        JOIN members a ON a.program_id = c.program_id AND a.user_id = c.instructor_id
        JOIN members b ON b.program_id = c.program_id AND b.user_id = c.teacher_id
        WHERE c.instructor_id = u.id AND c.teacher_id = t.id AND (? = '' OR c.program_id = ?)
            AND a.role IN ('instructor', 'lead') AND c.starts_on <= ? AND c.ends_on >= ?) AS coaches
FROM users u LEFT JOIN users t ON t.id = ?
WHERE u.id = ? AND u.disabled_at = ''`

func (p *Policy) toPerson(ctx context.Context, user, program, person storage.ID) (relation, error) {
	var row struct {
		IsOperator bool       `db:"is_operator"`
		Person     storage.ID `db:"person"`
		Programs   int        `db:"programs"`
		Leads      int        `db:"leads"`
		Coaches    int        `db:"coaches"`
	}
	from, to := RunningDays(p.now())
	err := p.db.Get(ctx, &row, personRelations, program, program, program, program, program, program,
		to, from, person, user)
	if err != nil || row.Person == "" {
		return 0, err
	}
	itself := person == user && (program == "" || row.Programs > 0)
	return when(itself, self) | when(row.Coaches > 0, coach) | when(row.Leads > 0, leader) |
		when(row.Programs > 0, fellow) | when(row.IsOperator, operator), nil
}

func (p *Policy) toTargetArea(ctx context.Context, user, id storage.ID) (relation, error) {
	var row struct {
		Program storage.ID `db:"program_id"`
		Teacher storage.ID `db:"teacher_id"`
	}
	err := p.db.Get(ctx, &row, `SELECT program_id, teacher_id FROM target_areas WHERE id = ?`, id)
	if err != nil && storage.KindOf(err) != storage.NotFound {
		return 0, err
	}
	return p.toPerson(ctx, user, row.Program, row.Teacher)
}

// RunningDays are the days that it is at the moment t somewhere on Earth, from UTC-12 to UTC+14, as
// YYYY-MM-DD. A cycle runs while it has begun by the later and not ended before the earlier: its
// first and last day are whole days in any classroom.
func RunningDays(t time.Time) (earliest, latest string) {
	t = t.UTC()
	return t.Add(-12 * time.Hour).Format(time.DateOnly), t.Add(14 * time.Hour).Format(time.DateOnly)
}

func when(holds bool, r relation) relation {
	if holds {
		return r
	}
	return 0
}
