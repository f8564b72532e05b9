package review

import (
	"context"

	"backrow/storage"
)

// Role is what a member is in a program.
type Role string

// The roles.
const (
	Teacher    Role = "teacher"
	Instructor Role = "instructor"
	Lead       Role = "lead"
)

func (r Role) check() error {
	switch r {
	case Teacher, Instructor, Lead:
		return nil
	}
	return storage.Errorf(storage.Invalid, "A role is teacher, instructor or lead, not %q.", string(r))
}

// Member is a user in a program.
type Member struct {
	ProgramID   storage.ID   `db:"program_id"`
	ProgramName string       `db:"program_name"`
	UserID      storage.ID   `db:"user_id"`
	Name        string       `db:"name"`
	Email       string       `db:"email"` // for leads and operators; other members are shown the name
	Role        Role         `db:"role"`
	CreatedAt   storage.Time `db:"created_at"`
	DisabledAt  storage.Time `db:"disabled_at"` // of the user; zero: not disabled
}

const selectMembers = `SELECT m.program_id, p.name AS program_name, m.user_id, u.name, u.email,
    m.role, m.created_at, u.disabled_at
FROM members m JOIN programs p ON p.id = m.program_id JOIN users u ON u.id = m.user_id `

// maxPrograms bounds the programs of one user.
const maxPrograms = 200

// Programs lists the memberships of a user by the program's name.
func (s *Service) Programs(ctx context.Context, user storage.ID) ([]Member, error) {
	var found []Member
	err := s.db.Select(ctx, &found, selectMembers+`WHERE m.user_id = ? ORDER BY p.name, p.id LIMIT ?`,
		user, maxPrograms)
	return found, err
}

// Members lists the members of a program by their user's id, disabled ones too.
func (s *Service) Members(ctx context.Context, program storage.ID, p Page) (List[Member], error) {
	var found []Member
	err := s.db.Select(ctx, &found, selectMembers+`WHERE m.program_id = ? AND m.user_id > ?
ORDER BY m.user_id LIMIT ?`, program, p.after(), p.rows())
	return listOf(p, found, func(m Member) string { return string(m.UserID) }), err
}

// Member reads one membership.
func (s *Service) Member(ctx context.Context, program, user storage.ID) (Member, error) {
	return member(ctx, s.db, program, user)
}

func member(ctx context.Context, q storage.Queryer, program, user storage.ID) (Member, error) {
	var m Member
	err := q.Get(ctx, &m, selectMembers+`WHERE m.program_id = ? AND m.user_id = ?`, program, user)
	return m, err
}

// AddMember puts a user into a program. Repeating it changes nothing; a user who is in it with
// another role is a Conflict: that is what SetRole is for.
func (s *Service) AddMember(ctx context.Context, actor, program, user storage.ID, role Role,
) (Member, error) {
	if err := role.check(); err != nil {
		return Member{}, err
	}
	var m Member
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := exists(ctx, tx, "programs", program); err != nil {
			return err
		}
		if err := exists(ctx, tx, "users", user); err != nil {
			return err
		}
		var err error
		if m, err = s.insertMember(ctx, tx, actor, program, user, role); err != nil {
			return err
		}
		if m.Role != role {
			return storage.Errorf(storage.Conflict, "%s is in this program already, as %s.", m.Name, m.Role)
		}
		return nil
	})
	return m, err
}

// exists turns what would break a foreign key into NotFound.
func exists(ctx context.Context, q storage.Queryer, table string, id storage.ID) error {
	var one int
	return q.Get(ctx, &one, `SELECT 1 FROM `+table+` WHERE id = ?`, id)
}

// insertMember adds the membership unless there is one, whose role then stays.
func (s *Service) insertMember(ctx context.Context, tx *storage.Tx, actor, program, user storage.ID,
	role Role,
) (Member, error) {
	result, err := tx.Exec(ctx, `INSERT INTO members (program_id, user_id, role, created_at)
VALUES (?, ?, ?, ?) ON CONFLICT (program_id, user_id) DO NOTHING`, program, user, role, s.now())
	if err != nil {
		return Member{}, err
	}
	if added, err := result.RowsAffected(); err != nil {
		return Member{}, err
	} else if added == 1 {
		if err := s.auditMember(ctx, tx, "member.added", actor, program, user, role); err != nil {
			return Member{}, err
		}
	}
	return member(ctx, tx, program, user)
}

func (s *Service) auditMember(ctx context.Context, tx *storage.Tx, action string,
	actor, program, user storage.ID, role Role,
) error {
	return s.Audit(ctx, tx, Entry{
		ActorID: actor, Action: action, Subject: "program:" + string(program),
		Detail: "user=" + string(user) + " role=" + string(role),
	})
}

// SetRole changes a member's role. The last lead stays lead: that is a Conflict.
func (s *Service) SetRole(ctx context.Context, actor, program, user storage.ID, role Role,
) (Member, error) {
	if err := role.check(); err != nil {
		return Member{}, err
	}
	var m Member
	err := s.db.InTx(ctx, func(tx *storage.Tx) error {
		var err error
		if m, err = s.holdMember(ctx, tx, program, user, role); err != nil || m.Role == role {
			return err
		}
		m.Role = role
		if _, err := tx.Exec(ctx, `UPDATE members SET role = ? WHERE program_id = ? AND user_id = ?`,
			role, program, user); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.lost(user, "") })
		return s.auditMember(ctx, tx, "member.role_changed", actor, program, user, role)
	})
	return m, err
}

// holdMember reads a member, keeps every other change of the program's members out until tx ends,
// and makes sure that there is a lead once this one has the role given ("" when they leave).
func (s *Service) holdMember(ctx context.Context, tx *storage.Tx, program, user storage.ID,
	role Role,
) (Member, error) {
	if _, err := tx.Exec(ctx, `UPDATE programs SET name = name WHERE id = ?`, program); err != nil {
		return Member{}, err
	}
	m, err := member(ctx, tx, program, user)
	if err != nil || m.Role != Lead || role == Lead {
		return m, err
	}
	var others int
	if err := tx.Get(ctx, &others, `SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id
WHERE m.program_id = ? AND m.role = 'lead' AND m.user_id <> ? AND u.disabled_at = ''`, program,
		user); err != nil {
		return m, err
	}
	if others == 0 {
		return m, storage.Errorf(storage.Conflict,
			"%s is the last lead of this program. Make somebody else lead first.", m.Name)
	}
	return m, nil
}

const unshareProgram = `DELETE FROM shares WHERE user_id = ?
    AND recording_id IN (SELECT id FROM recordings WHERE program_id = ?)`

// RemoveMember takes a user out of a program, and with that out of every recording of it that was
// shared with them; their cycles end. Their own recordings stay theirs. Removing again changes
// nothing; removing the last lead is a Conflict.
func (s *Service) RemoveMember(ctx context.Context, actor, program, user storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		m, err := s.holdMember(ctx, tx, program, user, "")
		if storage.KindOf(err) == storage.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM members WHERE program_id = ? AND user_id = ?`, program,
			user); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, unshareProgram, user, program); err != nil {
			return err
		}
		if _, err := s.endCycles(ctx, tx, `program_id = ? AND (instructor_id = ? OR teacher_id = ?)`,
			program, user, user); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.lost(user, "") })
		return s.auditMember(ctx, tx, "member.removed", actor, program, user, m.Role)
	})
}
