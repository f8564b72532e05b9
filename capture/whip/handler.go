package whip

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"backrow/storage"
)

const (
	// maxOffer bounds an SDP body. Chromium's offer with every codec is about 7 kB.
	maxOffer = 64 << 10
	// maxFragment bounds a trickle fragment: some tens of candidates of about 100 bytes.
	maxFragment = 16 << 10
	// maxOffset bounds offset_ms: no lesson is longer than a week.
	maxOffset = 7 * 24 * 3600 * 1000
	// maxZero bounds zero_unix_ms: the year 2286. A laptop's clock may be wrong by decades; what
	// matters is that its sender reports are wrong by as much.
	maxZero = 1e13

	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// Handler serves the endpoint and its sessions. It is safe for concurrent use.
type Handler struct {
	Publisher Publisher
	// Fail answers an error by its storage.Kind; it is web's one place for that.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	// Refused, when not nil, is told of the answers of the protocol's own that do not go by way of
	// Fail, for the log.
	Refused func(r *http.Request, status int, detail string)
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch session := r.PathValue("session"); {
	case r.Method == http.MethodOptions:
		options(w, session != "")
	case session == "" && r.Method == http.MethodPost:
		h.post(w, r)
	case session != "" && r.Method == http.MethodPatch:
		h.patch(w, r, session)
	case session != "" && r.Method == http.MethodDelete:
		h.delete(w, r, session)
	default:
		// RFC 9725, section 4.2: GET, HEAD and PUT are 405 on both resources.
		options(w, session != "")
		h.problem(w, r, http.StatusMethodNotAllowed, "This address takes WHIP requests only (RFC 9725).")
	}
}

// options tells what a resource takes (RFC 9725, section 4.2).
func options(w http.ResponseWriter, session bool) {
	if session {
		w.Header().Set("Allow", "PATCH, DELETE, OPTIONS")
		w.Header().Set("Accept-Patch", typeFragment)
		return
	}
	w.Header().Set("Allow", "POST, OPTIONS")
	w.Header().Set("Accept-Post", typeSDP)
}

func (h *Handler) post(w http.ResponseWriter, r *http.Request) {
	offer, err := h.offer(w, r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if offer.SDP == "" {
		return // answered
	}
	session, err := h.Publisher.Publish(r.Context(), offer)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", typeSDP)
	w.Header().Set("Location", strings.TrimSuffix(r.URL.EscapedPath(), "/")+"/"+session.ID)
	w.Header().Set("ETag", session.ETag)
	w.Header().Set("Accept-Patch", typeFragment)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, session.Answer)
}

// offer reads a POST. An empty SDP means that the answer has been written already.
func (h *Handler) offer(w http.ResponseWriter, r *http.Request) (Offer, error) {
	recording, err := storage.ParseID(r.PathValue("id"))
	if err != nil {
		return Offer{}, err
	}
	take, err := storage.ParseID(r.PathValue("take"))
	if err != nil {
		return Offer{}, err
	}
	offer := Offer{Recording: recording, Take: take, Source: r.URL.Query().Get("source")}
	switch offer.Source {
	case "", "camera", "screen":
	default:
		return Offer{}, storage.Errorf(storage.Invalid, "source must be camera or screen.")
	}
	if text := r.URL.Query().Get("offset_ms"); text != "" {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || ms < 0 || ms > maxOffset {
			return Offer{}, storage.Errorf(storage.Invalid,
				"offset_ms must be a whole number of milliseconds from 0 to %d.", maxOffset)
		}
		offer.OffsetMS = &ms
	}
	if offer.ZeroUnixMS, err = zero(r.URL.Query().Get("zero_unix_ms")); err != nil {
		return Offer{}, err
	}
	text, ok := h.body(w, r, typeSDP, maxOffer)
	if !ok {
		return Offer{}, nil
	}
	if !strings.HasPrefix(text, "v=0") {
		h.problem(w, r, http.StatusBadRequest,
			"The body is not SDP: an offer begins with v=0 (RFC 8866).")
		return Offer{}, nil
	}
	offer.SDP = text
	return offer, nil
}

// zero reads zero_unix_ms, which may have a fraction.
func zero(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	ms, err := strconv.ParseFloat(text, 64)
	if err != nil || !(ms >= 0 && ms <= maxZero) { // NaN is neither
		return 0, storage.Errorf(storage.Invalid,
			"zero_unix_ms must be a number of milliseconds since 1970.")
	}
	return ms, nil
}

func (h *Handler) patch(w http.ResponseWriter, r *http.Request, session string) {
	take, err := storage.ParseID(r.PathValue("take"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	etag := r.Header.Get("If-Match")
	if etag == "" {
		h.problem(w, r, http.StatusPreconditionRequired,
			"A PATCH needs If-Match with the ETag of the session (RFC 9725, section 4.3.1).")
		return
	}
	text, ok := h.body(w, r, typeFragment, maxFragment)
	if !ok {
		return
	}
	if err := h.Publisher.Trickle(r.Context(), take, session, etag, text); err != nil {
		h.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *Handler) delete(w http.ResponseWriter, r *http.Request, session string) {
	take, err := storage.ParseID(r.PathValue("take"))
	if err == nil {
		err = h.Publisher.EndSession(r.Context(), take, session)
	}
	if err != nil {
		h.fail(w, r, err)
	}
}

// body reads at most limit bytes of a body of the media type wanted. When it cannot, it answers
// and returns false.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, want string, limit int64) (string, bool) {
	if have, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || have != want {
		h.problem(w, r, http.StatusUnsupportedMediaType, "The body must be "+want+".")
		return "", false
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		h.problem(w, r, http.StatusRequestEntityTooLarge,
			"The body is larger than "+strconv.FormatInt(limit>>10, 10)+" KiB.")
		return "", false
	case err != nil:
		h.problem(w, r, http.StatusBadRequest, "The body could not be read to its end.")
		return "", false
	case len(text) == 0:
		h.problem(w, r, http.StatusBadRequest, "The body is empty: it must hold "+want+".")
		return "", false
	}
	return string(text), true
}
