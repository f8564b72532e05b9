package web

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"backrow/storage"
)

// bodyTime is how long a body may take to arrive: a megabyte over a classroom's worst Wi-Fi.
const bodyTime = 30 * time.Second

// captured stands in for a mux while huma registers an operation: it hands the handler over, so
// that the operation becomes a row of the table like every other route.
type captured struct{ take func(http.HandlerFunc) }

func (c *captured) HandleFunc(_ string, h func(http.ResponseWriter, *http.Request)) { c.take(h) }

func (c *captured) ServeHTTP(http.ResponseWriter, *http.Request) {}

// apiMux is what mount and huma share.
type apiMux struct {
	captured
	mux *http.ServeMux
}

func (s *Server) newAPI(mux *http.ServeMux) {
	config := huma.DefaultConfig("Backrow", "1")
	config.Info.Description = "Everything that Backrow's own pages use. Errors are problem details " +
		"(RFC 9457) whose detail is a sentence for the person at the screen; creates take ids made " +
		"by the client (UUIDv7), so that repeating one is harmless; edits name the version that they edit."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema fields
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{func(ctx huma.Context, _ string, v any) (any, error) {
		if model, ok := v.(*huma.ErrorModel); ok {
			return humaProblem(ctx, model), nil
		}
		return v, nil
	}}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session":      {Type: "apiKey", In: "cookie", Name: "backrow"},
		"captureToken": {Type: "http", Scheme: "bearer"},
		"momentToken":  {Type: "http", Scheme: "bearer"},
	}
	m := &apiMux{mux: mux}
	s.api = humago.New(m, config)
	s.apiMux = m
	s.problemSchema = s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
}

// operation registers one operation of the JSON API: who may use it, how it is described, and
// the function that does it. The function returns storage errors as they are.
func operation[I, O any](s *Server, w who, op huma.Operation,
	do func(ctx context.Context, in *I) (*O, error),
) {
	op.BodyReadTimeout = bodyTime // as secured has it; huma's own default is shorter
	op.MaxBodyBytes = maxJSON + 1 // huma refuses the bound itself
	if !w.open {
		op.Security = []map[string][]string{{"session": {}}}
	}
	if w.token {
		op.Security = takeSecurity()
	}
	if w.phone {
		op.Security = []map[string][]string{{"session": {}}, {"momentToken": {}}}
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{
		Description: "A problem",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: s.problemSchema}},
	}
	s.apiMux.take = func(h http.HandlerFunc) {
		s.mount(s.apiMux.mux, route{method: op.Method, pattern: op.Path, who: w,
			handle: func(w http.ResponseWriter, r *http.Request) error {
				w.Header().Set("Cache-Control", "no-store")
				h(w, r)
				return nil
			}})
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err == nil {
			return out, nil
		}
		status := statusOf(err)
		t := traceOf(ctx)
		if status >= http.StatusInternalServerError {
			s.options.Log.ErrorContext(ctx, "request failed", "request", t.id, "route", t.pattern,
				"user", string(t.user), "error", err.Error())
		}
		t.reason = storage.KindOf(err)
		return nil, problemOf(err, t.id)
	})
}

// describe is the OpenAPI document.
func (s *Server) describe() ([]byte, error) {
	return json.MarshalIndent(s.api.OpenAPI(), "", "  ")
}
