package review

import (
	"context"
	"strings"

	"backrow/storage"
)

// User is somebody who can sign in.
type User struct {
	ID         storage.ID `db:"id"`
	Email      string     `db:"email"`
	Name       string     `db:"name"`
	IsOperator bool       `db:"is_operator"`
	// SessionEpoch is raised when the password changes and when the user is disabled: a session
	// begun under another epoch is over.
	SessionEpoch int64        `db:"session_epoch"`
	CreatedAt    storage.Time `db:"created_at"`
	DisabledAt   storage.Time `db:"disabled_at"` // zero: not disabled
}

// NewUser is what a user is made of.
type NewUser struct {
	ID         storage.ID // made when empty
	Email      string
	Name       string
	Password   string
	IsOperator bool
}

const userColumns = `id, email, name, is_operator, session_epoch, created_at, disabled_at`

// newRow is a user who has been checked and whose password has been hashed: what is left to
// do fits a transaction.
type newRow struct {
	NewUser
	hash string
}

func (s *Service) prepare(ctx context.Context, n NewUser) (newRow, error) {
	var err error
	if n.Email, err = email(n.Email); err != nil {
		return newRow{}, err
	}
	if n.Name, err = needed("The name", n.Name, maxName); err != nil {
		return newRow{}, err
	}
	if err := checkPassword(n.Password, n.Email); err != nil {
		return newRow{}, err
	}
	if n.ID == "" {
		n.ID = storage.NewID()
	}
	hash, err := s.passwords.hash(ctx, n.Password)
	return newRow{n, hash}, err
}

const insertUser = `INSERT INTO users (id, email, email_folded, name, password_hash, is_operator,
    created_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

// insertUser adds the row, or finds that the same was added before under the same id.
func (s *Service) insertUser(ctx context.Context, tx *storage.Tx, actor storage.ID, n newRow,
) (User, error) {
	operator := 0
	if n.IsOperator {
		operator = 1
	}
	result, err := tx.Exec(ctx, insertUser, n.ID, n.Email, folded(n.Email), n.Name, n.hash, operator,
		s.now())
	if err != nil {
		return User{}, err
	}
	if added, err := result.RowsAffected(); err != nil {
		return User{}, err
	} else if added == 1 {
		if err := s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "user.added", Subject: "user:" + string(n.ID),
			Detail: when(n.IsOperator, "operator"),
		}); err != nil {
			return User{}, err
		}
	}
	var u User
	err = tx.Get(ctx, &u, `SELECT `+userColumns+` FROM users WHERE id = ? AND email_folded = ?`,
		n.ID, folded(n.Email))
	if storage.KindOf(err) == storage.NotFound {
		return u, storage.Errorf(storage.Conflict, "There is an account with that email address already.")
	}
	return u, err
}

// CreateUser adds a user; actor is empty when nobody is signed in yet. Repeating it with the same
// id and address changes nothing and returns the user. An address that is taken, in upper or lower
// case, is a Conflict.
func (s *Service) CreateUser(ctx context.Context, actor storage.ID, n NewUser) (User, error) {
	row, err := s.prepare(ctx, n)
	if err != nil {
		return User{}, err
	}
	var u User
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		u, err = s.insertUser(ctx, tx, actor, row)
		return err
	})
	return u, err
}

// Authenticate returns the user whose address and password these are. Every other pair is the
// same Unauthenticated error after the same work: it tells neither who has an account nor who
// was disabled.
func (s *Service) Authenticate(ctx context.Context, email, password string) (User, error) {
	var row struct {
		User
		Hash string `db:"password_hash"`
	}
	err := s.db.Get(ctx, &row, `SELECT `+userColumns+`, password_hash FROM users
WHERE email_folded = ?`, keepable(folded(email)))
	if err != nil && storage.KindOf(err) != storage.NotFound {
		return User{}, err
	}
	ok, err := s.passwords.matches(ctx, row.Hash, password)
	if err != nil {
		return User{}, err
	}
	if !ok || !row.DisabledAt.IsZero() {
		return User{}, storage.Errorf(storage.Unauthenticated,
			"That email address and password do not belong together.")
	}
	return row.User, nil
}

// keepable is text without what PostgreSQL refuses even to compare: broken UTF-8 and NUL.
func keepable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// User reads one user, disabled or not.
func (s *Service) User(ctx context.Context, id storage.ID) (User, error) {
	var u User
	err := s.db.Get(ctx, &u, `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
	return u, err
}

// UserByEmail reads the user with an address, in upper or lower case.
func (s *Service) UserByEmail(ctx context.Context, email string) (User, error) {
	var u User
	err := s.db.Get(ctx, &u, `SELECT `+userColumns+` FROM users WHERE email_folded = ?`,
		keepable(folded(email)))
	return u, err
}

// idsAtOnce is how many ids one query names: SQLite takes 32,766 parameters, PostgreSQL 65,535.
const idsAtOnce = 500

// Users reads those of the users named that exist.
func (s *Service) Users(ctx context.Context, ids []storage.ID) (map[storage.ID]User, error) {
	users := make(map[storage.ID]User, len(ids))
	for len(ids) > 0 {
		some := ids[:min(len(ids), idsAtOnce)]
		ids = ids[len(some):]
		var found []User
		if err := s.db.Select(ctx, &found, `SELECT `+userColumns+` FROM users
WHERE id IN `+marks(len(some)), anys(some)...); err != nil {
			return nil, err
		}
		for _, u := range found {
			users[u.ID] = u
		}
	}
	return users, nil
}

// Names reads the names of those of the users given that exist.
func (s *Service) Names(ctx context.Context, ids []storage.ID) (map[storage.ID]string, error) {
	users, err := s.Users(ctx, ids)
	if err != nil {
		return nil, err
	}
	names := make(map[storage.ID]string, len(users))
	for id, u := range users {
		names[id] = u.Name
	}
	return names, nil
}

// AllUsers lists every user by id, that is by age, for the operator.
func (s *Service) AllUsers(ctx context.Context, p Page) (List[User], error) {
	var found []User
	err := s.db.Select(ctx, &found, `SELECT `+userColumns+` FROM users WHERE id > ?
ORDER BY id LIMIT ?`, p.after(), p.rows())
	return listOf(p, found, func(u User) string { return string(u.ID) }), err
}

// marks is a list of n placeholders in brackets.
func marks(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")" }

func anys(ids []storage.ID) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}

func when(holds bool, text string) string {
	if holds {
		return text
	}
	return ""
}
