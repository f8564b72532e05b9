// Command backrow is the whole service in one binary: the server, its migrations, a doctor and
// what an operator needs by hand. This package only wires: it reads settings, opens what they
// name, hands each room what it needs, and drains in the reverse order.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"backrow/storage"
)

// version is set at build time by -ldflags "-X main.version=…".
var version = "development"

type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the service."`
	Migrate migrateCommand `cmd:"" help:"Bring the database up to date and end. 'serve' does this by itself."`
	Doctor  doctorCommand  `cmd:"" help:"Check what Backrow needs, and say what to do about what is missing."`
	Admin   adminCommand   `cmd:"" help:"Make an operator, or reset a password, from the command line."`
	OpenAPI openAPICommand `cmd:"" name:"openapi" help:"Print the description of the JSON API."`

	Version kong.VersionFlag `env:"-" help:"Print the version and end."`
}

func main() {
	syscall.Umask(0o077) // lessons show children: no file of ours is for the machine's other users
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main with its world passed in. It returns the exit status: 0 done, 1 failed, 2 called
// wrongly.
func run(args []string, out, errOut io.Writer) int {
	var cli commands
	status := -1
	parser, err := kong.New(&cli,
		kong.Name("backrow"),
		kong.Description("Video feedback for lessons. Every flag is also a variable: --s3-bucket is BACKROW_S3_BUCKET."),
		kong.UsageOnError(),
		kong.DefaultEnvars("BACKROW"),
		kong.Vars{"version": version},
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { status = code }),
	)
	if err != nil {
		fmt.Fprintln(errOut, "backrow:", err)
		return 1
	}
	call, err := parser.Parse(args)
	if status >= 0 { // --help and --version have been answered
		return status
	}
	if err != nil {
		fmt.Fprintln(errOut, "backrow:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	call.BindTo(ctx, (*context.Context)(nil))
	call.Bind(&terminal{out: out, err: errOut})
	if err := call.Run(); err != nil {
		fmt.Fprintln(errOut, "backrow:", explain(err))
		return 1
	}
	return 0
}

// terminal is where a command speaks to the person who called it.
type terminal struct{ out, err io.Writer }

// explain is an error for an operator, who is told the cause too.
func explain(err error) string {
	message := storage.MessageOf(err)
	if storage.KindOf(err) == storage.Internal {
		return err.Error()
	}
	var known *storage.Error
	if asError(err, &known) && known.Err != nil {
		return message + " (" + known.Err.Error() + ")"
	}
	return message
}

func newLog(w io.Writer, s logSettings) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.level()}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
