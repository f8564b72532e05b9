package objectstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"backrow/storage/objects"
)

// Variable names the MinIO binary that the tests start: the second, foreign S3 server that keeps
// the suite honest about S3 and not about one reading of it.
const Variable = "BACKROW_TEST_MINIO"

// MinIO starts a MinIO server for the test, in a process, a folder and on a loopback port of its
// own, and returns how to reach it, with a bucket that nobody made yet. Without the binary the
// test fails where CI is set and is skipped, with a word in the log, on a developer's machine.
func MinIO(t testing.TB) objects.S3Options {
	t.Helper()
	binary := os.Getenv(Variable)
	if binary == "" {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not set: the store tests must run against MinIO too", Variable)
		}
		t.Skipf("%s is not set: MinIO was left out", Variable)
	}
	o := objects.S3Options{
		Bucket:    newBucket(),
		AccessKey: "backrow",
		SecretKey: rand.Text(),
		PathStyle: true,
	}
	address := freeAddress(t)
	o.Endpoint = "http://" + address
	var said bytes.Buffer
	ctx, stop := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, binary, "server", "--quiet", "--address", address,
		"--console-address", freeAddress(t), t.TempDir())
	server.Env = append(os.Environ(), "MINIO_ROOT_USER="+o.AccessKey,
		"MINIO_ROOT_PASSWORD="+o.SecretKey, "MINIO_UPDATE=off", "MINIO_BROWSER=off",
		"MINIO_CI_CD=on", "HOME="+t.TempDir()) // CI_CD: takes a folder on the system's own disk
	server.Stdout, server.Stderr = &said, &said
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	server.WaitDelay = 10 * time.Second
	if err := server.Start(); err != nil {
		stop()
		t.Fatalf("start MinIO: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Wait()
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	if err := ready(o.Endpoint+"/minio/health/ready", ended); err != nil {
		stop()
		<-ended
		t.Fatalf("MinIO: %v\n%s", err, said.String())
	}
	return o
}

// ready asks an address until it answers 200, the server has ended, or a minute has passed.
func ready(address string, ended <-chan struct{}) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	late := time.After(time.Minute)
	for {
		answer, err := client.Get(address)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case <-ended:
			return fmt.Errorf("it ended at once")
		case <-late:
			return fmt.Errorf("it was not ready in a minute: %v", err)
		}
	}
}

// freeAddress is a loopback address that nobody listened on a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
