// Command bench measures Backrow against bounds that are measured in the same run: ratios that
// mean something on any machine, however busy. It prints one line of JSON for each figure.
//
//	scripts/bench capture [-streams 20,50,100] [-warm 15s] [-time 30s] [-runs 3] [-profile FOLDER]
//	scripts/bench stop [-runs 5]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("say what is to be measured: capture or stop")
	}
	switch args[0] {
	case "capture":
		return benchCapture(ctx, args[1:], out)
	case "stop":
		return benchStop(ctx, args[1:], out)
	case "receive": // what capture starts to be measured
		return receive(ctx, args[1:])
	}
	return fmt.Errorf("there is no benchmark %q: there are capture and stop", args[0])
}

// figure is one line of the output.
type figure struct {
	What    string  `json:"what"`
	Streams int     `json:"streams,omitempty"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Bound   float64 `json:"bound,omitempty"` // the same of what it is held against
	Ratio   float64 `json:"ratio,omitempty"`
	Runs    int     `json:"runs"`
}

func (f figure) print(out io.Writer) error { return json.NewEncoder(out).Encode(f) }
