package main

import (
	"bytes"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What README.md promises: --s3-secret-key is BACKROW_S3_SECRET_KEY.
func TestEveryFlagIsAVariable(t *testing.T) {
	var help bytes.Buffer
	if status := run([]string{"serve", "--help"}, &help, io.Discard); status != 0 {
		t.Fatalf("--help ends with %d", status)
	}
	flags := regexp.MustCompile(`(?m)^ {2,}--(?:\[no-\])?([a-z0-9-]+)`).FindAllStringSubmatch(help.String(), -1)
	if len(flags) < 30 {
		t.Fatalf("found %d flags in\n%s", len(flags), &help)
	}
	for _, flag := range flags {
		if flag[1] == "version" {
			continue
		}
		name := "$BACKROW_" + strings.ToUpper(strings.ReplaceAll(flag[1], "-", "_")) + ")"
		if !strings.Contains(help.String(), name) {
			t.Errorf("--%s is not the variable %s", flag[1], name)
		}
	}
}

func TestWrongSettingsEndWithASentence(t *testing.T) {
	for _, c := range []struct {
		says string
		args []string
	}{
		{"--workers must be", []string{"--workers=-3"}},
		{"--session-idle", []string{"--session-idle=-1h"}},
		{"--listen must be HOST:PORT", []string{"--listen=8080"}},
		{"--public-url must be", []string{"--public-url=backrow.example.org"}},
		{"--s3-endpoint must be", []string{"--s3-endpoint=store"}},
		{"--media-udp-port must be", []string{"--media-udp-port=0"}},
		{"--blob-bytes must be", []string{"--blob-bytes=1048575"}},
		{"--blob-bytes must be", []string{"--blob-uploads=0"}},
		{"--blob-bytes must be", []string{"--blob-memory=31"}}, // four times 8 MiB are 32
		{"--blob-bytes must be", []string{"--blob-rate=0"}},
		{"--node-url must be", []string{"--node-url=node1.example.org"}},
	} {
		var says bytes.Buffer
		args := append([]string{"serve", "--data", t.TempDir()}, c.args...)
		if status := run(args, io.Discard, &says); status != 1 || !strings.Contains(says.String(), c.says) {
			t.Errorf("%q: %d, %q", c.args, status, &says)
		}
	}
}

func TestAPathIsAbsolute(t *testing.T) {
	s := workSettings{FFmpeg: "./tools/ffmpeg", FFprobe: "ffprobe"}
	if err := s.validate(); err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(s.FFmpeg) || s.FFprobe != "ffprobe" {
		t.Errorf("%+v", s)
	}
}

func TestWrongFlagsEndWithTwo(t *testing.T) {
	for _, args := range [][]string{{"serve", "--nope"}, {"serve", "--max-streams", "many"}, {"dance"}} {
		var says bytes.Buffer
		if status := run(args, io.Discard, &says); status != 2 || !strings.Contains(says.String(), "backrow:") {
			t.Errorf("%q: %d, %q", args, status, &says)
		}
	}
}
