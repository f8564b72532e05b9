package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"backrow/storage"
	"backrow/transcode/ffmpeg"
)

const (
	checkFor     = 15 * time.Second
	littleDisk   = 5 << 30 // about four hours of lessons
	muchSkew     = 2 * time.Second
	receiveWants = 4 << 20 // bytes of socket buffer: less collapses when many streams ask again at once
)

type doctorCommand struct {
	webSettings
	dataSettings
	captureSettings
	workSettings
	logSettings
}

// check is one thing that Backrow needs.
type check struct {
	what string
	// look returns what was found, or what is wrong and what to do about it.
	look func(ctx context.Context) (string, error)
}

// Run looks at everything and ends with an error when something is missing.
func (c *doctorCommand) Run(ctx context.Context, t *terminal) error {
	if err := errors.Join(c.webSettings.validate(), c.dataSettings.validate(), c.captureSettings.validate(),
		c.workSettings.validate()); err != nil {
		return err
	}
	missing := 0
	for _, check := range c.checks() {
		ctx, cancel := context.WithTimeout(ctx, checkFor)
		found, err := check.look(ctx)
		cancel()
		if err != nil {
			missing++
			fmt.Fprintf(t.out, "  missing  %-10s %s\n", check.what, explain(err))
			continue
		}
		fmt.Fprintf(t.out, "  ok       %-10s %s\n", check.what, found)
	}
	if missing > 0 {
		return storage.Errorf(storage.Unavailable, "%d of the things that Backrow needs are missing.", missing)
	}
	fmt.Fprintln(t.out, "\nEverything that Backrow needs is here.")
	return nil
}

func (c *doctorCommand) checks() []check {
	return []check{
		{"ffmpeg", c.lookAtFFmpeg},
		{"data", c.lookAtData},
		{"database", c.lookAtDatabase},
		{"objects", c.lookAtObjects},
		{"web", c.unlessServing(func(context.Context) (string, error) {
			return c.lookAtAddress(c.Listen, "--listen")
		})},
		{"media", c.unlessServing(c.lookAtMedia)},
		{"spool", c.lookAtSpool},
		{"recording", c.unlessServing(c.rehearse)},
	}
}

// unlessServing leaves ports alone that are taken because Backrow is serving from the data folder.
func (c *doctorCommand) unlessServing(look func(context.Context) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		release, err := lockFolder(c.Data)
		if storage.KindOf(err) == storage.Conflict {
			return "in use: Backrow is serving from " + c.Data, nil
		}
		if err != nil {
			return "", err
		}
		defer release() //nolint:errcheck // nothing was written
		return look(ctx)
	}
}

func (c *doctorCommand) lookAtFFmpeg(ctx context.Context) (string, error) {
	tools, err := ffmpeg.Find(c.FFmpeg, c.FFprobe)
	if err != nil {
		return "", err
	}
	found, err := tools.Check(ctx)
	return "ffmpeg " + found, err
}

func (c *doctorCommand) lookAtData(context.Context) (string, error) {
	if err := makeFolder(c.Data); err != nil {
		return "", err
	}
	free, err := freeAt(c.Data)
	if err != nil {
		return "", err
	}
	if free < littleDisk {
		return "", storage.Errorf(storage.Unavailable,
			"Only %.1f GB are free at %s: that is little for lessons. Free some, or name another folder with --data.",
			float64(free)/1e9, c.Data)
	}
	return fmt.Sprintf("%s, %.0f GB free", c.Data, float64(free)/1e9), nil
}

// freeAt is how many bytes are free where a folder is.
func freeAt(folder string) (uint64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, storage.Errorf(storage.Unavailable, "The disk of %s cannot be looked at. %w", folder, err)
	}
	return disk.Bavail * uint64(disk.Bsize), nil
}

func (c *doctorCommand) lookAtDatabase(ctx context.Context) (string, error) {
	db, err := storage.Open(ctx, c.Database)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if db.Dialect() == storage.SQLite {
		return "SQLite, " + filepath.Base(c.Database), nil
	}
	var there string
	if err := db.Get(ctx, &there, `SELECT CAST(extract(epoch FROM clock_timestamp()) AS TEXT)`); err != nil {
		return "", err
	}
	seconds, err := strconv.ParseFloat(there, 64)
	if err != nil {
		return "", err
	}
	skew := time.Since(time.UnixMicro(int64(seconds * 1e6))).Abs()
	if skew > muchSkew {
		return "", storage.Errorf(storage.Unavailable,
			"The clocks of this machine and of PostgreSQL's are %v apart: set both by NTP.", skew.Round(time.Millisecond))
	}
	return "PostgreSQL", nil
}

func (c *doctorCommand) lookAtObjects(ctx context.Context) (string, error) {
	store, err := openStore(ctx, c.dataSettings, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	defer store.close(ctx) //nolint:errcheck // it was only looked at
	if err := store.Check(ctx); err != nil {
		return "", err
	}
	if c.S3Endpoint == "" {
		return "the embedded store", nil
	}
	return c.S3Endpoint + ", bucket " + c.S3Bucket, nil
}

func (c *doctorCommand) lookAtAddress(address, flag string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", storage.Errorf(storage.Unavailable,
			"%s cannot be listened on. If Backrow is running already, that is why; otherwise choose another with %s. %w",
			address, flag, err)
	}
	return address, listener.Close()
}

func (c *doctorCommand) lookAtMedia(context.Context) (string, error) {
	host := c.mediaHost(c.Listen)
	if c.MediaTCPPort > 0 {
		if _, err := c.lookAtAddress(net.JoinHostPort(host, strconv.Itoa(c.MediaTCPPort)), "--media-tcp-port"); err != nil {
			return "", err
		}
	}
	conn, err := net.ListenPacket("udp", net.JoinHostPort(host, strconv.Itoa(c.MediaUDPPort)))
	if err != nil {
		return "", storage.Errorf(storage.Unavailable,
			"UDP port %d cannot be listened on. Choose another with --media-udp-port. %w", c.MediaUDPPort, err)
	}
	defer conn.Close()
	udp := conn.(*net.UDPConn)
	if err := udp.SetReadBuffer(receiveWants); err != nil {
		return "", err
	}
	got, err := readBuffer(udp)
	if err != nil {
		return "", err
	}
	found := fmt.Sprintf("UDP %d, TCP %d", c.MediaUDPPort, c.MediaTCPPort)
	if got < receiveWants {
		found += fmt.Sprintf("; for more than 20 lessons at once raise the socket buffer: sysctl -w net.core.rmem_max=%d", receiveWants)
	}
	return found, nil
}

// lookAtSpool wants the disk to have room for all that may have to wait for a store that is away.
func (c *doctorCommand) lookAtSpool(context.Context) (string, error) {
	free, err := freeAt(c.Data)
	if err != nil {
		return "", err
	}
	limit := uint64(c.SpoolLimit) << 20
	found := fmt.Sprintf("up to %.1f GB of lessons wait on disk while the store is away", float64(limit)/1e9)
	if free < limit {
		found += fmt.Sprintf("; only %.1f GB are free: free some, or lower --spool-limit", float64(free)/1e9)
	}
	return found, nil
}

func readBuffer(conn *net.UDPConn) (bytes int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		bytes, inner = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	return bytes / 2, errors.Join(err, inner) // Linux reports twice what may be used (socket(7))
}
