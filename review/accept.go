package review

import (
	"context"

	"backrow/storage"
)

// AcceptNew accepts an invitation by making the account that it invites, with the invited address.
// When there is an account with that address it is a Conflict: a link never signs anybody in.
func (s *Service) AcceptNew(ctx context.Context, token, name, password string,
) (User, Member, error) {
	none := func(err error) (User, Member, error) { return User{}, Member{}, err }
	i, err := s.Invitation(ctx, token)
	if err != nil {
		return none(err)
	}
	if i.HasAccount {
		return none(storage.Errorf(storage.Conflict,
			"There is an account for %s already. Sign in, then open this link again.", i.Email))
	}
	row, err := s.prepare(ctx, NewUser{Email: i.Email, Name: name, Password: password})
	if err != nil {
		return none(err)
	}
	var user User
	var made Member
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		i, err := s.takeInvitation(ctx, tx, token)
		if err != nil {
			return err
		}
		if user, err = s.insertUser(ctx, tx, row.ID, row); err != nil {
			return err
		}
		made, err = s.join(ctx, tx, user.ID, i)
		return err
	})
	if err != nil {
		return none(err)
	}
	return user, made, nil
}

// AcceptAs accepts an invitation as a user who is signed in. The invited address must be theirs,
// else it is a Conflict: a link that reached somebody else, or a browser where another person is
// signed in, makes nobody a member. Who is a member already keeps the role they have.
func (s *Service) AcceptAs(ctx context.Context, token string, user storage.ID) (Member, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return Member{}, err
	}
	var made Member
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		i, err := s.takeInvitation(ctx, tx, token)
		if err != nil {
			return err
		}
		if folded(i.Email) != folded(u.Email) || !u.DisabledAt.IsZero() {
			return storage.Errorf(storage.Conflict,
				"This invitation is for %s, and you are signed in as %s.", i.Email, u.Email)
		}
		made, err = s.join(ctx, tx, user, i)
		return err
	})
	return made, err
}

// takeInvitation uses an invitation up. Of two at once the second waits for the first, and is
// then told that it was accepted.
func (s *Service) takeInvitation(ctx context.Context, tx *storage.Tx, token string,
) (Invitation, error) {
	if _, err := tx.Exec(ctx, `UPDATE invitations SET name = name WHERE token_hash = ?`,
		digest(token)); err != nil {
		return Invitation{}, err
	}
	i, err := s.openInvitation(ctx, tx, token)
	if err != nil {
		return Invitation{}, err
	}
	_, err = tx.Exec(ctx, `UPDATE invitations SET accepted_at = ? WHERE id = ?`, s.now(), i.ID)
	return i, err
}

func (s *Service) join(ctx context.Context, tx *storage.Tx, user storage.ID, i Invitation,
) (Member, error) {
	if err := s.Audit(ctx, tx, Entry{
		ActorID: user, Action: "invitation.accepted", Subject: "program:" + string(i.ProgramID),
		Detail: "invitation=" + string(i.ID),
	}); err != nil {
		return Member{}, err
	}
	return s.insertMember(ctx, tx, user, i.ProgramID, user, i.Role)
}
