package main

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// doctor runs the command on a data folder of its own, and returns its status and what it said.
func doctor(t *testing.T, data string, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := run(append([]string{"doctor", "--data", data, "--database", "sqlite:" + filepath.Join(data, "backrow.db"),
		"--listen", "127.0.0.1:" + freePort(t), "--media-udp-port", freePort(t), "--media-tcp-port", freePort(t)},
		args...), &out, &out)
	return status, out.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func TestDoctorSaysWhatIsMissing(t *testing.T) {
	status, said := doctor(t, t.TempDir(), "--ffmpeg", "/nowhere/ffmpeg")
	if status != 1 || !strings.Contains(said, "missing  ffmpeg") {
		t.Errorf("without ffmpeg: status %d\n%s", status, said)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	status, said = doctor(t, t.TempDir(), "--listen", taken.Addr().String())
	if status != 1 || !strings.Contains(said, "missing  web") || !strings.Contains(said, "--listen") {
		t.Errorf("with a port that is taken: status %d\n%s", status, said)
	}
}

func TestDoctorBesideAServer(t *testing.T) {
	data := t.TempDir()
	release, err := lockFolder(data)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	status, said := doctor(t, data, "--listen", taken.Addr().String())
	if strings.Contains(said, "missing  web") || !strings.Contains(said, "Backrow is serving") {
		t.Errorf("the server's own port is called missing: status %d\n%s", status, said)
	}
}
