package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"backrow/review"
	"backrow/review/access"
	"backrow/storage"
)

// Me is the signed-in person.
type Me struct {
	ID         storage.ID   `json:"id"`
	Name       string       `json:"name"`
	Email      string       `json:"email"`
	IsOperator bool         `json:"is_operator"`
	Programs   []Membership `json:"programs"`
}

// Membership is a program that a person is in.
type Membership struct {
	ProgramID storage.ID  `json:"program_id"`
	Name      string      `json:"name"`
	Role      review.Role `json:"role" enum:"teacher,instructor,lead"`
}

// ProgramMember is a person in a program.
type ProgramMember struct {
	ID    storage.ID  `json:"id"`
	Name  string      `json:"name"`
	Email string      `json:"email,omitempty" doc:"For those who manage the program."`
	Role  review.Role `json:"role" enum:"teacher,instructor,lead"`
}

// ProgramMembers is a part of a program's members.
type ProgramMembers struct {
	Items []ProgramMember `json:"items"`
	Next  string          `json:"next,omitempty" doc:"The cursor of the next part; absent in the last."`
}

// FrameworkArea is a node of a program's framework.
type FrameworkArea struct {
	ID          storage.ID `json:"id"`
	FrameworkID storage.ID `json:"framework_id"`
	ParentID    storage.ID `json:"parent_id,omitempty"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Depth       int        `json:"depth" doc:"0 at the top."`
}

// FrameworkAreas are all areas of a program, each after its parent.
type FrameworkAreas struct {
	Items []FrameworkArea `json:"items"`
}

// Invited is a new invitation; its link is told this once.
type Invited struct {
	ID        storage.ID   `json:"id"`
	Email     string       `json:"email"`
	Role      review.Role  `json:"role" enum:"teacher,instructor,lead"`
	ExpiresAt storage.Time `json:"expires_at"`
	Path      string       `json:"path" doc:"The path of the page where it is accepted. It holds the secret."`
}

// NewInvited is what an invitation is made of.
type NewInvited struct {
	ID    storage.ID  `json:"id" doc:"A UUIDv7 made by the client."`
	Email string      `json:"email"`
	Name  string      `json:"name,omitempty"`
	Role  review.Role `json:"role" enum:"teacher,instructor,lead"`
}

// PageQuery is the part of a list that is asked for. Like ProgramPath it is exported because huma
// does not look into embedded fields that are not.
type PageQuery struct {
	After string `query:"after" doc:"The next of the part before."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (p PageQuery) page() review.Page { return review.Page{After: p.After, Limit: p.Limit} }

// ProgramPath names a program in a path.
type ProgramPath struct {
	ID storage.ID `path:"id"`
}

func (s *Server) peopleOperations() {
	operation(s, signedIn(), huma.Operation{
		OperationID: "me", Method: http.MethodGet, Path: "/api/me", Tags: []string{"people"},
		Summary: "Who is signed in, and in which programs",
	}, s.apiMe)
	operation(s, may(access.SeeProgram, "id"), huma.Operation{
		OperationID: "list-members", Method: http.MethodGet, Path: "/api/programs/{id}/members",
		Summary: "The members of a program", Tags: []string{"programs"},
	}, s.apiMembers)
	operation(s, may(access.SeeProgram, "id"), huma.Operation{
		OperationID: "list-areas", Method: http.MethodGet, Path: "/api/programs/{id}/areas",
		Summary: "The areas of a program's frameworks", Tags: []string{"programs"},
	}, s.apiAreas)
	operation(s, may(access.Invite, "id"), huma.Operation{
		OperationID: "invite", Method: http.MethodPost, Path: "/api/programs/{id}/invitations",
		Summary: "Invite somebody into a program", Tags: []string{"programs"},
		DefaultStatus: http.StatusCreated,
	}, s.apiInvite)
	s.targetAreaOperations()
}

func (s *Server) apiMe(ctx context.Context, _ *struct{}) (*struct{ Body Me }, error) {
	v, _ := viewerOf(ctx)
	programs, err := s.options.Review.Programs(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	me := Me{ID: v.ID, Name: v.Name, Email: v.Email, IsOperator: v.IsOperator, Programs: []Membership{}}
	for _, m := range programs {
		me.Programs = append(me.Programs, Membership{ProgramID: m.ProgramID, Name: m.ProgramName, Role: m.Role})
	}
	return &struct{ Body Me }{me}, nil
}

func (s *Server) apiMembers(ctx context.Context, in *struct {
	ProgramPath
	PageQuery
},
) (*struct{ Body ProgramMembers }, error) {
	v, _ := viewerOf(ctx)
	found, err := s.options.Review.Members(ctx, in.ID, in.page())
	if err != nil {
		return nil, err
	}
	manages := s.options.Policy.May(ctx, v.ID, access.ManageProgram, in.ID) == nil
	out := ProgramMembers{Items: []ProgramMember{}, Next: found.Next}
	for _, m := range found.Items {
		if !m.DisabledAt.IsZero() && !manages {
			continue
		}
		member := ProgramMember{ID: m.UserID, Name: m.Name, Role: m.Role}
		if manages {
			member.Email = m.Email
		}
		out.Items = append(out.Items, member)
	}
	return &struct{ Body ProgramMembers }{out}, nil
}

func (s *Server) apiAreas(ctx context.Context, in *ProgramPath) (*struct{ Body FrameworkAreas }, error) {
	areas, err := s.options.Review.Areas(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := FrameworkAreas{Items: []FrameworkArea{}}
	for _, a := range areas {
		out.Items = append(out.Items, FrameworkArea{ID: a.ID, FrameworkID: a.FrameworkID,
			ParentID: a.ParentID, Name: a.Name, Description: a.Description, Depth: a.Depth})
	}
	return &struct{ Body FrameworkAreas }{out}, nil
}

func (s *Server) apiInvite(ctx context.Context, in *struct {
	ProgramPath
	Body NewInvited
},
) (*struct{ Body Invited }, error) {
	v, _ := viewerOf(ctx)
	id, err := storage.ParseID(string(in.Body.ID))
	if err != nil {
		return nil, err
	}
	made, token, err := s.options.Review.Invite(ctx, v.ID, review.NewInvitation{ID: id,
		ProgramID: in.ID, Email: in.Body.Email, Name: in.Body.Name, Role: in.Body.Role})
	if err != nil {
		return nil, err
	}
	return &struct{ Body Invited }{Invited{ID: made.ID, Email: made.Email, Role: made.Role,
		ExpiresAt: made.ExpiresAt, Path: "/invitations/" + token}}, nil
}
