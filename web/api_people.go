package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"backrow/storage"
)

// Me is the signed-in person.
type Me struct {
	ID         storage.ID `json:"id"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	IsOperator bool       `json:"is_operator"`
}

type meOutput struct{ Body Me }

func (s *Server) peopleOperations() {
	operation(s, signedIn(), huma.Operation{
		OperationID: "me", Method: http.MethodGet, Path: "/api/me", Summary: "Who is signed in",
		Tags: []string{"people"},
	}, func(ctx context.Context, _ *struct{}) (*meOutput, error) {
		v, _ := viewerOf(ctx)
		return &meOutput{Body: Me{ID: v.ID, Name: v.Name, Email: v.Email, IsOperator: v.IsOperator}}, nil
	})
}
