package review

import (
	"context"
	"crypto/subtle"

	"backrow/storage"
)

// Setup is what the first visitor fills in.
type Setup struct {
	Token    string // of the one-time link, from OpenSetup
	SiteName string
	Email    string
	Name     string
	Password string
	Program  string // the name of the first program
}

// The settings that setup keeps.
const (
	settingSite  = "site_name"
	settingSetup = "setup_token" // SHA-256 of the one-time link's token; "" when setup is done
)

const (
	insertSetting = `INSERT INTO settings (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	countOperators = `SELECT COUNT(*) FROM (SELECT 1 FROM users WHERE is_operator = 1 LIMIT 1) AS one`
)

func setupDone() error {
	return storage.Errorf(storage.Conflict, "This site has been set up already. Please sign in.")
}

// OpenSetup makes the token of the one-time link that lets the first visitor in, in place of any
// earlier one: only the latest link is good. It is "" when there is an operator: setup is over.
func (s *Service) OpenSetup(ctx context.Context) (token string, err error) {
	token, kept := newToken()
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		// The setting is written first: it is the row that setups, on however many nodes, wait for.
		if _, err := tx.Exec(ctx, insertSetting, settingSetup, kept); err != nil {
			return err
		}
		var operators int
		if err := tx.Get(ctx, &operators, countOperators); err != nil {
			return err
		}
		if operators > 0 {
			token = ""
			_, err := tx.Exec(ctx, insertSetting, settingSetup, "")
			return err
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// CheckSetup returns nil when setup is open and token is that of its link; Conflict when setup is
// over, NotFound when the token is another.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	return checkSetup(ctx, s.db, token)
}

func checkSetup(ctx context.Context, q storage.Queryer, token string) error {
	var operators int
	if err := q.Get(ctx, &operators, countOperators); err != nil {
		return err
	}
	if operators > 0 {
		return setupDone()
	}
	var kept string
	err := q.Get(ctx, &kept, `SELECT value FROM settings WHERE name = ?`, settingSetup)
	if err != nil && storage.KindOf(err) != storage.NotFound {
		return err
	}
	if kept == "" || subtle.ConstantTimeCompare([]byte(kept), []byte(digest(token))) != 1 {
		return storage.Errorf(storage.NotFound,
			"That is not the link that the server printed when it last started.")
	}
	return nil
}

// SetUp makes the first operator, the first program and the site's name, or, when there is an
// operator already, nothing: that is a Conflict. The operator is also lead of the program, so that
// there is somebody who can invite people.
func (s *Service) SetUp(ctx context.Context, f Setup) (User, Program, error) {
	none := func(err error) (User, Program, error) { return User{}, Program{}, err }
	if err := s.CheckSetup(ctx, f.Token); err != nil {
		return none(err) // before a password is hashed for whoever asks
	}
	site, err := needed("The name of the site", f.SiteName, maxName)
	if err != nil {
		return none(err)
	}
	program, err := readProgram(Program{Name: f.Program})
	if err != nil {
		return none(err)
	}
	row, err := s.prepare(ctx, NewUser{
		Email: f.Email, Name: f.Name, Password: f.Password, IsOperator: true,
	})
	if err != nil {
		return none(err)
	}
	var user User
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		// Holding this row makes one of two setups at once wait, and then find the other's operator.
		if _, err := tx.Exec(ctx, `UPDATE settings SET value = value WHERE name = ?`,
			settingSetup); err != nil {
			return err
		}
		if err := checkSetup(ctx, tx, f.Token); err != nil {
			return err
		}
		if user, err = s.insertUser(ctx, tx, "", row); err != nil {
			return err
		}
		if program, err = s.insertProgram(ctx, tx, user.ID, program); err != nil {
			return err
		}
		if _, err := s.insertMember(ctx, tx, user.ID, program.ID, user.ID, Lead); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertSetting, settingSite, site); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertSetting, settingSetup, "")
		return err
	})
	if err != nil {
		return none(err)
	}
	return user, program, nil
}

// SiteName is the name given at setup, "Backrow" before.
func (s *Service) SiteName(ctx context.Context) (string, error) {
	var name string
	err := s.db.Get(ctx, &name, `SELECT value FROM settings WHERE name = ?`, settingSite)
	if storage.KindOf(err) == storage.NotFound {
		return "Backrow", nil
	}
	return name, err
}
