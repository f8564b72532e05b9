package socket_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"backrow/annotate"
	"backrow/storage"
	"backrow/storage/dbtest"
)

// The two benchmarks have one shape: one message in, and out to that many readers. The second is
// the bound that quality.md measures the first against; the difference is the log's commit.

func BenchmarkBroadcast(b *testing.B) {
	for _, readers := range []int{1, 100} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) {
			h := open(b, dbtest.SQLite(b))
			var all []*client
			for range readers {
				c, _ := h.join(storage.NewID(), 0)
				all = append(all, c)
			}
			mark := h.create(storage.NewID())
			for _, c := range all {
				c.await("event")
			}
			text := strings.Repeat("x", 300)
			for b.Loop() {
				var err error
				mark, _, err = h.log.Edit(ctx, mark.Author.ID, h.recording.ID, mark.ID, mark.Version,
					annotate.Edit{Text: &text})
				if err != nil {
					b.Fatal(err)
				}
				for _, c := range all {
					c.await("event")
				}
			}
		})
	}
}

func BenchmarkGorillaEcho(b *testing.B) {
	for _, readers := range []int{1, 100} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) {
			var upgrader websocket.Upgrader
			joined := make(chan *websocket.Conn, readers)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ws, err := upgrader.Upgrade(w, r, nil)
				if err != nil {
					b.Error(err)
					return
				}
				joined <- ws
			}))
			defer server.Close()
			var all []*client
			var ends []*websocket.Conn
			for range readers {
				ws, _, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1), nil)
				if err != nil {
					b.Fatal(err)
				}
				defer ws.Close()
				all = append(all, &client{b, ws})
				ends = append(ends, <-joined)
				defer ends[len(ends)-1].Close()
			}
			text := []byte(`{"type":"event","text":"` + strings.Repeat("x", 600) + `"}`)
			for b.Loop() {
				for _, ws := range ends {
					if err := ws.WriteMessage(websocket.TextMessage, text); err != nil {
						b.Fatal(err)
					}
				}
				for _, c := range all {
					c.await("event")
				}
			}
		})
	}
}
