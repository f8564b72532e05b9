package review

import (
	"context"

	"backrow/storage"
)

// Rename changes a user's name.
func (s *Service) Rename(ctx context.Context, user storage.ID, name string) (User, error) {
	name, err := needed("The name", name, maxName)
	if err != nil {
		return User{}, err
	}
	if _, err := s.db.Exec(ctx, `UPDATE users SET name = ? WHERE id = ?`, name, user); err != nil {
		return User{}, err
	}
	return s.User(ctx, user)
}

// ChangePassword replaces a user's password, given the old one; a wrong old one is Invalid. Every
// session of theirs ends: the caller begins a new one with the SessionEpoch returned.
func (s *Service) ChangePassword(ctx context.Context, user storage.ID, old, password string,
) (User, error) {
	var kept string
	if err := s.db.Get(ctx, &kept, `SELECT password_hash FROM users WHERE id = ?`, user); err != nil {
		return User{}, err
	}
	ok, err := s.passwords.matches(ctx, kept, old)
	if err != nil {
		return User{}, err
	}
	if !ok {
		return User{}, storage.Errorf(storage.Invalid, "The present password is not right.")
	}
	return s.SetPassword(ctx, user, user, password)
}

// SetPassword replaces a user's password. Every session of theirs ends, and so does
// every link that would reset it.
func (s *Service) SetPassword(ctx context.Context, actor, user storage.ID, password string,
) (User, error) {
	u, err := s.User(ctx, user)
	if err != nil {
		return User{}, err
	}
	if err := checkPassword(password, u.Email); err != nil {
		return User{}, err
	}
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return User{}, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		u, err = s.replacePassword(ctx, tx, actor, user, hash)
		return err
	})
	return u, err
}

func (s *Service) replacePassword(ctx context.Context, tx *storage.Tx, actor, user storage.ID,
	hash string,
) (User, error) {
	var u User
	if err := tx.Get(ctx, &u, `UPDATE users SET password_hash = ?, session_epoch = session_epoch + 1
WHERE id = ? RETURNING `+userColumns, hash, user); err != nil {
		return User{}, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM password_resets WHERE user_id = ?`, user); err != nil {
		return User{}, err
	}
	tx.AfterCommit(func() { s.lost(user, "") })
	return u, s.Audit(ctx, tx, Entry{
		ActorID: actor, Action: "user.password_changed", Subject: "user:" + string(user),
	})
}

// Disable ends a user's sessions and keeps them out. The last operator who is left cannot be
// disabled: that is a Conflict. Disabling again changes nothing.
func (s *Service) Disable(ctx context.Context, actor, user storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		// Every operator's row is held, so that two disabled at once do not each count the other.
		var operators []storage.ID
		if err := tx.Select(ctx, &operators, `UPDATE users SET is_operator = 1
WHERE is_operator = 1 AND disabled_at = '' RETURNING id`); err != nil {
			return err
		}
		if len(operators) == 1 && operators[0] == user {
			return storage.Errorf(storage.Conflict,
				"This is the last operator. Make another one before disabling this one.")
		}
		result, err := tx.Exec(ctx, `UPDATE users SET disabled_at = ?, session_epoch = session_epoch + 1
WHERE id = ? AND disabled_at = ''`, s.now(), user)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM password_resets WHERE user_id = ?`, user); err != nil {
			return err
		}
		tx.AfterCommit(func() { s.lost(user, "") })
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "user.disabled", Subject: "user:" + string(user),
		})
	})
}

// Enable lets a disabled user in again. Enabling again changes nothing.
func (s *Service) Enable(ctx context.Context, actor, user storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		result, err := tx.Exec(ctx, `UPDATE users SET disabled_at = '' WHERE id = ? AND disabled_at <> ''`,
			user)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "user.enabled", Subject: "user:" + string(user),
		})
	})
}
