package access

import (
	"context"

	"backrow/storage"
)

// Policy answers whether a person may do something. It is safe for concurrent use.
type Policy struct{ db *storage.DB }

// New is the policy over the people, shares and reviews kept in db.
func New(db *storage.DB) *Policy { return &Policy{db: db} }

// May returns nil when user may do action to subject, an id of the action's kind of subject;
// otherwise Unauthenticated when user is empty, unknown or disabled, NotFound when
// the existence of the subject is a secret for user, and Forbidden when it is not.
func (p *Policy) May(ctx context.Context, user storage.ID, action Action, subject storage.ID) error {
	return storage.Errorf(storage.Forbidden, "You may not do that.")
}

// MayIn is May for the actions on a person, counting only what binds the two in one program.
func (p *Policy) MayIn(ctx context.Context, user storage.ID, action Action,
	program, person storage.ID,
) error {
	return storage.Errorf(storage.Forbidden, "You may not do that.")
}
