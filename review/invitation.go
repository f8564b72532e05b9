package review

import (
	"context"

	"backrow/storage"
)

// Invitation asks one person, by their address, into a program. Its token is only in its link;
// whoever holds the link can make the account that it invites, once. An account that is there
// already is never touched by a link: its owner signs in, and accepts as who they are.
type Invitation struct {
	ID          storage.ID   `db:"id"`
	ProgramID   storage.ID   `db:"program_id"`
	ProgramName string       `db:"program_name"`
	Email       string       `db:"email"`
	Name        string       `db:"name"`
	Role        Role         `db:"role"`
	InvitedBy   storage.ID   `db:"invited_by"`
	InviterName string       `db:"inviter_name"`
	CreatedAt   storage.Time `db:"created_at"`
	ExpiresAt   storage.Time `db:"expires_at"`
	AcceptedAt  storage.Time `db:"accepted_at"` // zero: not yet
	// HasAccount says that the address belongs to a user already: they sign in to accept.
	HasAccount bool `db:"has_account"`
}

// NewInvitation is what an invitation is made of.
type NewInvitation struct {
	ID        storage.ID // made when empty
	ProgramID storage.ID
	Email     string
	Name      string // may be empty: the invited person types it
	Role      Role
}

// maxInvitations bounds how many invitations of a program are open at a time.
const maxInvitations = 1000

const selectInvitations = `SELECT i.id, i.program_id, p.name AS program_name, i.email, i.name, i.role,
    i.invited_by, u.name AS inviter_name, i.created_at, i.expires_at, i.accepted_at,
    CASE WHEN EXISTS (SELECT 1 FROM users h WHERE h.email_folded = i.email_folded)
        THEN 1 ELSE 0 END AS has_account
FROM invitations i JOIN programs p ON p.id = i.program_id JOIN users u ON u.id = i.invited_by `

// Invite makes an invitation and its token, and mails the link when mail is configured. An open
// invitation of the same address to the same program is replaced, and so is the token when it
// is repeated with the same id: there is one good link at a time. An address whose user is
// a member already is a Conflict.
func (s *Service) Invite(ctx context.Context, actor storage.ID, n NewInvitation,
) (Invitation, string, error) {
	none := func(err error) (Invitation, string, error) { return Invitation{}, "", err }
	var err error
	if n.Email, err = email(n.Email); err != nil {
		return none(err)
	}
	if n.Name, err = line("The name", n.Name, maxName); err != nil {
		return none(err)
	}
	if err := n.Role.check(); err != nil {
		return none(err)
	}
	if n.ID == "" {
		n.ID = storage.NewID()
	}
	site, err := s.SiteName(ctx)
	if err != nil {
		return none(err)
	}
	token, kept := newToken()
	var made Invitation
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		made, err = s.insertInvitation(ctx, tx, actor, n, kept)
		if err != nil {
			return err
		}
		if s.outbox != nil {
			link := s.InvitationLink(token)
			tx.AfterCommit(func() { s.outbox.add("invitation", ready(invitationMail(site, made, link))) })
		}
		return nil
	})
	if err != nil {
		return none(err)
	}
	return made, token, nil
}

func (s *Service) insertInvitation(ctx context.Context, tx *storage.Tx, actor storage.ID,
	n NewInvitation, kept string,
) (Invitation, error) {
	none, now := Invitation{}, s.now()
	// Held, so that two invitations of one address at once do not both stay.
	var program Program
	if err := tx.Get(ctx, &program, `UPDATE programs SET name = name WHERE id = ? RETURNING *`,
		n.ProgramID); err != nil {
		return none, err
	}
	var members int
	if err := tx.Get(ctx, &members, `SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id
WHERE m.program_id = ? AND u.email_folded = ?`, n.ProgramID, folded(n.Email)); err != nil {
		return none, err
	}
	if members > 0 {
		return none, storage.Errorf(storage.Conflict, "%s is a member of %s already.", n.Email, program.Name)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM invitations
WHERE program_id = ? AND email_folded = ? AND accepted_at = ''`, n.ProgramID,
		folded(n.Email)); err != nil {
		return none, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM invitations
WHERE program_id = ? AND accepted_at = '' AND expires_at <= ?`, n.ProgramID, now); err != nil {
		return none, err
	}
	var open int
	if err := tx.Get(ctx, &open, `SELECT COUNT(*) FROM invitations
WHERE program_id = ? AND accepted_at = ''`, n.ProgramID); err != nil {
		return none, err
	}
	if open >= maxInvitations {
		return none, storage.Errorf(storage.TooMany,
			"%d invitations to this program are open: take some back before making more.", open)
	}
	result, err := tx.Exec(ctx, `INSERT INTO invitations (id, program_id, email, email_folded, name,
    role, token_hash, invited_by, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`, n.ID, n.ProgramID, n.Email,
		folded(n.Email), n.Name, n.Role, kept, actor, now, storage.At(now.Add(s.life)))
	if err != nil {
		return none, err
	}
	if added, err := result.RowsAffected(); err != nil {
		return none, err
	} else if added == 0 {
		return none, storage.Errorf(storage.Conflict, "That id belongs to another invitation.")
	}
	if err := s.Audit(ctx, tx, Entry{
		ActorID: actor, Action: "invitation.made", Subject: "program:" + string(n.ProgramID),
		Detail: "invitation=" + string(n.ID) + " role=" + string(n.Role),
	}); err != nil {
		return none, err
	}
	var made Invitation
	err = tx.Get(ctx, &made, selectInvitations+`WHERE i.id = ?`, n.ID)
	return made, err
}

// InvitationLink is the address of the page where a token is accepted.
func (s *Service) InvitationLink(token string) string { return s.publicURL + "/invitations/" + token }

// ResetLink is the address of the page where a password is set anew.
func (s *Service) ResetLink(token string) string { return s.publicURL + "/password/" + token }

// Invitation reads the invitation whose token it is. One that can no longer be accepted is an
// error whose sentence says why: Conflict when it was accepted, NotFound otherwise.
func (s *Service) Invitation(ctx context.Context, token string) (Invitation, error) {
	return s.openInvitation(ctx, s.db, token)
}

func (s *Service) openInvitation(ctx context.Context, q storage.Queryer, token string,
) (Invitation, error) {
	var i Invitation
	err := q.Get(ctx, &i, selectInvitations+`WHERE i.token_hash = ?`, digest(token))
	switch {
	case storage.KindOf(err) == storage.NotFound:
		return Invitation{}, storage.Errorf(storage.NotFound,
			"This invitation is not good any more. Please ask for a new one.")
	case err != nil:
		return Invitation{}, err
	case !i.AcceptedAt.IsZero():
		return Invitation{}, storage.Errorf(storage.Conflict,
			"This invitation has been accepted already. Please sign in.")
	case !s.now().Before(i.ExpiresAt.Time):
		return Invitation{}, storage.Errorf(storage.NotFound,
			"This invitation ran out on %s. Please ask for a new one.", i.ExpiresAt.Format("2 January 2006"))
	}
	return i, nil
}

// Invitations lists the open invitations of a program, latest first; those that ran out too.
func (s *Service) Invitations(ctx context.Context, program storage.ID, p Page,
) (List[Invitation], error) {
	var found []Invitation
	err := s.db.Select(ctx, &found, selectInvitations+`WHERE i.program_id = ? AND i.accepted_at = ''
    AND i.id < ? ORDER BY i.id DESC LIMIT ?`, program, before(p), p.rows())
	return listOf(p, found, func(i Invitation) string { return string(i.ID) }), err
}

// RevokeInvitation takes an open invitation back. Taking it back again changes nothing.
func (s *Service) RevokeInvitation(ctx context.Context, actor, program, id storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		result, err := tx.Exec(ctx, `DELETE FROM invitations
WHERE id = ? AND program_id = ? AND accepted_at = ''`, id, program)
		if err != nil {
			return err
		}
		if gone, err := result.RowsAffected(); err != nil || gone == 0 {
			return err
		}
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "invitation.revoked", Subject: "program:" + string(program),
			Detail: "invitation=" + string(id),
		})
	})
}
