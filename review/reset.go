package review

import (
	"context"
	"time"

	"backrow/storage"
)

const (
	// resetLife is short: the link is asked for by whoever means to use it at once.
	resetLife = time.Hour
	// resetsAtOnce bounds how many links of one user are good at a time, and so how much mail a
	// stranger can have sent to them.
	resetsAtOnce = 3
)

// AskPasswordReset mails a link to the user with that address. It answers the same, after the
// same time, whether there is one or not: the address is looked up where the mail is sent. Without
// mail it is Unavailable.
func (s *Service) AskPasswordReset(ctx context.Context, address string) error {
	if s.outbox == nil {
		return storage.Errorf(storage.Unavailable,
			"This site sends no mail. Ask the person who runs it for a new password.")
	}
	address, err := email(address)
	if err != nil {
		return err
	}
	s.outbox.add("password reset", func(ctx context.Context) (Mail, bool, error) {
		u, err := s.UserByEmail(ctx, address)
		if storage.KindOf(err) == storage.NotFound || err == nil && !u.DisabledAt.IsZero() {
			return Mail{}, false, nil
		}
		if err != nil {
			return Mail{}, false, err
		}
		token, err := s.NewPasswordReset(ctx, "", u.ID)
		if storage.KindOf(err) == storage.TooMany {
			return Mail{}, false, nil
		}
		site, siteErr := s.SiteName(ctx)
		if err == nil {
			err = siteErr
		}
		return resetMail(site, u, s.ResetLink(token)), true, err
	})
	return nil
}

// NewPasswordReset makes a token with which a user's password can be set once, within an hour.
// More than three at a time are TooMany.
func (s *Service) NewPasswordReset(ctx context.Context, actor, user storage.ID,
) (token string, err error) {
	token, kept := newToken()
	now := s.now()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var u User
		if err := tx.Get(ctx, &u, `UPDATE users SET name = name WHERE id = ? AND disabled_at = ''
RETURNING `+userColumns, user); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM password_resets WHERE user_id = ? AND expires_at <= ?`,
			user, now); err != nil {
			return err
		}
		var open int
		if err := tx.Get(ctx, &open, `SELECT COUNT(*) FROM password_resets WHERE user_id = ?`,
			user); err != nil {
			return err
		}
		if open >= resetsAtOnce {
			return storage.Errorf(storage.TooMany,
				"Several links were made for this account within the last hour. Please use the latest.")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO password_resets (token_hash, user_id, created_at,
    expires_at) VALUES (?, ?, ?, ?)`, kept, user, now, storage.At(now.Add(resetLife))); err != nil {
			return err
		}
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "user.reset_asked", Subject: "user:" + string(user),
		})
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

const resetUser = `SELECT u.id, u.email, u.name, u.is_operator, u.session_epoch, u.created_at,
    u.disabled_at
FROM password_resets p JOIN users u ON u.id = p.user_id
WHERE p.token_hash = ? AND p.expires_at > ? AND u.disabled_at = ''`

// PasswordReset says whose password a token can set; NotFound when it cannot any more.
func (s *Service) PasswordReset(ctx context.Context, token string) (User, error) {
	var u User
	err := s.db.Get(ctx, &u, resetUser, digest(token), s.now())
	return u, resetGone(err)
}

func resetGone(err error) error {
	if storage.KindOf(err) == storage.NotFound {
		return storage.Errorf(storage.NotFound,
			"This link has been used already, or is older than an hour. Please ask for a new one.")
	}
	return err
}

// ResetPassword sets the password of the user whose token it is. The token is used up, every
// session of theirs ends.
func (s *Service) ResetPassword(ctx context.Context, token, password string) (User, error) {
	u, err := s.PasswordReset(ctx, token)
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
		var user storage.ID
		if err := tx.Get(ctx, &user, `DELETE FROM password_resets
WHERE token_hash = ? AND expires_at > ? RETURNING user_id`, digest(token), s.now()); err != nil {
			return resetGone(err)
		}
		u, err = s.replacePassword(ctx, tx, user, user, hash)
		return err
	})
	return u, err
}
