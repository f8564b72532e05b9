package socket

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"backrow/storage"
)

// The close codes of our own (RFC 6455, section 7.4.2: 4000–4999 are private use).
const (
	CodeFellBehind = 4008 // come back at once
	CodeSignIn     = 4401 // sign in again
	CodeForbidden  = 4403 // you may not
	CodeNotFound   = 4404 // not there for you, or not any more
)

var (
	errDraining = errors.New("socket: the server is stopping")
	errBehind   = errors.New("socket: the reader fell behind")
	errGone     = errors.New("socket: ended")
	errBinary   = errors.New("socket: binary message")
)

// codes is the one place where a kind of failure becomes a close code.
var codes = map[storage.Kind]int{
	storage.Unauthenticated: CodeSignIn,
	storage.Forbidden:       CodeForbidden,
	storage.NotFound:        CodeNotFound,
	storage.TooMany:         websocket.CloseTryAgainLater,
	storage.Unavailable:     websocket.CloseTryAgainLater,
}

// closing is what a socket that ends with err is told: what to do, and why.
func closing(err error) (code int, reason string) {
	switch {
	case errors.Is(err, errDraining):
		return websocket.CloseServiceRestart, "The server restarts."
	case errors.Is(err, errBehind):
		return CodeFellBehind, "This connection fell behind."
	case errors.Is(err, errBinary):
		return websocket.CloseUnsupportedData, "Only text is understood here."
	}
	code, ok := codes[storage.KindOf(err)]
	if !ok {
		code = websocket.CloseInternalServerErr
	}
	return code, cut(storage.MessageOf(err))
}

// cut holds a reason to the 123 bytes that a close frame has for it (RFC 6455, section 5.5),
// without cutting a character in two.
func cut(reason string) string {
	const most = 123
	if len(reason) <= most {
		return reason
	}
	reason = reason[:most]
	for !utf8.ValidString(reason) {
		reason = reason[:len(reason)-1]
	}
	return reason
}

// turnAway closes a socket that was never let in, and waits for the peer to have read why.
func turnAway(ws *websocket.Conn, err error) {
	defer ws.Close()
	code, reason := closing(err)
	deadline := time.Now().Add(closeWait)
	message := websocket.FormatCloseMessage(code, reason)
	if ws.WriteControl(websocket.CloseMessage, message, deadline) != nil {
		return
	}
	ws.SetReadLimit(MaxMessage)
	ws.SetReadDeadline(deadline) //nolint:errcheck // then the read fails
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return
		}
	}
}
