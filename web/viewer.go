package web

import (
	"context"
	"net/http"

	"backrow/review"
)

// Viewer is the signed-in person that a request comes from.
type Viewer struct{ review.User }

type viewerKey struct{}

// viewerOf is the viewer of a request's context, if somebody is signed in.
func viewerOf(ctx context.Context) (Viewer, bool) {
	v, ok := ctx.Value(viewerKey{}).(Viewer)
	return v, ok
}

// viewer is the viewer of a request on a route that only signed-in people reach.
func viewer(r *http.Request) Viewer {
	v, _ := viewerOf(r.Context())
	return v
}
