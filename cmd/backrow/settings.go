package main

import (
	"errors"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"backrow/capture"
	"backrow/storage"
)

func asError(err error, target **storage.Error) bool { return errors.As(err, target) }

// Settings are flags; each is also an environment variable BACKROW_… Each has a default that
// works, and a wrong value stops the start with a sentence that says what to write instead.

type logSettings struct {
	LogLevel  string `help:"What is logged: debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	LogFormat string `help:"How it is logged: text or json." enum:"text,json" default:"text"`
}

func (s logSettings) level() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		return slog.LevelInfo
	}
	return level
}

// dataSettings names the variables of S3 itself: kong would write BACKROW_S_3_BUCKET.
type dataSettings struct {
	Data     string `help:"The one folder in which everything is kept that has no other place." default:"data" type:"path"`
	Database string `help:"sqlite:PATH, or postgres://USER:PASSWORD@HOST/NAME. By default a SQLite file in the data folder." placeholder:"URL"`

	S3Endpoint  string        `name:"s3-endpoint" env:"BACKROW_S3_ENDPOINT" help:"Keep media in this S3-compatible store, such as https://s3.example.org, instead of the embedded one." placeholder:"URL"`
	S3Bucket    string        `name:"s3-bucket" env:"BACKROW_S3_BUCKET" help:"The bucket; it is made when it is not there." default:"backrow"`
	S3Region    string        `name:"s3-region" env:"BACKROW_S3_REGION" help:"The region." default:"us-east-1"`
	S3AccessKey string        `name:"s3-access-key" env:"BACKROW_S3_ACCESS_KEY" help:"The access key." placeholder:"KEY"`
	S3SecretKey string        `name:"s3-secret-key" env:"BACKROW_S3_SECRET_KEY" help:"The secret key; better given as BACKROW_S3_SECRET_KEY." placeholder:"KEY"`
	S3PathStyle bool          `name:"s3-path-style" env:"BACKROW_S3_PATH_STYLE" help:"Address the bucket by path, as most self-hosted stores want it." default:"true" negatable:""`
	S3Timeout   time.Duration `name:"s3-timeout" env:"BACKROW_S3_TIMEOUT" help:"How long one request to the store may take." default:"30s"`
}

func (s *dataSettings) validate() error {
	absolute, err := filepath.Abs(s.Data)
	if err != nil {
		return err
	}
	s.Data = absolute
	if s.Database == "" {
		s.Database = "sqlite:" + filepath.Join(s.Data, "backrow.db")
	}
	if s.S3Endpoint == "" {
		return nil
	}
	u, err := url.Parse(s.S3Endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return storage.Errorf(storage.Invalid,
			"--s3-endpoint must be an address such as https://s3.example.org, not %q.", s.S3Endpoint)
	}
	if s.S3AccessKey == "" || s.S3SecretKey == "" {
		return storage.Errorf(storage.Invalid,
			"--s3-endpoint needs --s3-access-key and --s3-secret-key with it.")
	}
	return nil
}

type webSettings struct {
	Listen    string `help:"The address to listen on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL string `name:"public-url" help:"The address at which people reach this server, for links and cookies; by default the one that it listens on. Cameras need https:// on anything but this machine." placeholder:"URL"`

	BehindProxy bool `help:"Believe the last entry of X-Forwarded-For about who is asking. Only behind a proxy that sets it."`

	SessionIdle time.Duration `help:"Sign out after so long without a request." default:"168h"`
	SessionMax  time.Duration `help:"Sign out after so long in any case." default:"720h"`
	MetricsKey  string        `name:"metrics-token" help:"Bearer token for /metrics from other machines than this one. Empty: this machine alone." placeholder:"TOKEN"`
}

func (s *webSettings) validate() error {
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		return storage.Errorf(storage.Invalid,
			"--listen must be HOST:PORT, such as 127.0.0.1:8080, not %q.", s.Listen)
	}
	if s.SessionIdle <= 0 || s.SessionMax <= 0 {
		return storage.Errorf(storage.Invalid,
			"--session-idle and --session-max must be more than nothing, such as 168h.")
	}
	if s.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || (u.Path != "" && u.Path != "/") {
		return storage.Errorf(storage.Invalid,
			"--public-url must be an address without a path, such as https://backrow.example.org, not %q.", s.PublicURL)
	}
	s.PublicURL = u.Scheme + "://" + u.Host
	return nil
}

type captureSettings struct {
	MediaUDPPort   int           `name:"media-udp-port" help:"The UDP port for lessons being recorded." default:"8189"`
	MediaTCPPort   int           `name:"media-tcp-port" help:"The TCP port for the same, where UDP is blocked; -1: none." default:"8189"`
	MediaIP        string        `name:"media-ip" help:"The address that both are bound to. By default the one of --listen." placeholder:"IP"`
	MediaAdvertise []string      `name:"media-advertise" help:"The addresses to tell browsers, when this machine does not know its own (NAT). May be given more than once." placeholder:"IP"`
	MaxStreams     int           `help:"How many lessons may be recorded at once." default:"50"`
	SpoolLimit     int64         `help:"How many megabytes may wait on disk for the database or the store." default:"20480"`
	BlobBytes      int64         `help:"The largest piece of a laptop's own copy of a lesson, in bytes." default:"8388608"`
	BlobUploads    int           `help:"How many such pieces of one recording may come in at once." default:"8"`
	BlobMemory     int64         `help:"How many megabytes of such pieces may be on their way in at once, in all." default:"64"`
	BlobRate       int64         `help:"The slowest such upload that is waited for, in bytes a second." default:"8000"`
	KeepLive       time.Duration `help:"How long the live copy of a lesson is kept once the laptop's own has all of it; negative: for ever." default:"24h"`
	NodeURL        string        `name:"node-url" help:"Where this node itself is reached, when several share one database behind a balancer." placeholder:"URL"`
	ResumeFor      time.Duration `help:"How long a recording that lost its browser stays open for it." default:"2h"`
}

func (s *captureSettings) validate() error {
	if s.MediaUDPPort < 1 || s.MediaUDPPort > 65535 {
		return storage.Errorf(storage.Invalid, "--media-udp-port must be 1 to 65535, not %d.", s.MediaUDPPort)
	}
	if s.MediaTCPPort != -1 && (s.MediaTCPPort < 1 || s.MediaTCPPort > 65535) {
		return storage.Errorf(storage.Invalid,
			"--media-tcp-port must be 1 to 65535, or -1 for none, not %d.", s.MediaTCPPort)
	}
	for _, ip := range append([]string{s.MediaIP}, s.MediaAdvertise...) {
		if ip != "" && net.ParseIP(ip) == nil {
			return storage.Errorf(storage.Invalid,
				"--media-ip and --media-advertise want addresses such as 192.0.2.7, not %q.", ip)
		}
	}
	if s.MaxStreams < 1 || s.SpoolLimit < 64 || s.ResumeFor < time.Minute {
		return storage.Errorf(storage.Invalid,
			"--max-streams must be at least 1, --spool-limit 64 (megabytes), --resume-for 1m.")
	}
	if s.BlobBytes < 1<<20 || s.BlobUploads < 1 || s.BlobMemory<<20 < 4*s.BlobBytes || s.BlobRate < 1 {
		return storage.Errorf(storage.Invalid, "--blob-bytes must be at least 1048576, --blob-uploads 1, "+
			"--blob-memory (megabytes) four times --blob-bytes, --blob-rate 1 (bytes a second).")
	}
	if u, err := url.Parse(s.NodeURL); s.NodeURL != "" &&
		(err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http")) {
		return storage.Errorf(storage.Invalid,
			"--node-url must be an address such as https://node1.example.org, not %q.", s.NodeURL)
	}
	return nil
}

// mediaHost is the address that media is received on: what was named, or where the pages are.
func (s *captureSettings) mediaHost(listen string) string {
	host := s.MediaIP
	if host == "" {
		host, _, _ = net.SplitHostPort(listen) // validate has seen that it is HOST:PORT
	}
	if host == "localhost" {
		return "127.0.0.1"
	}
	return host
}

// options are what these settings say of capture; the rest of it is the caller's.
func (s *captureSettings) options(listen string) capture.Options {
	host := s.mediaHost(listen)
	var addresses []string // none: every interface's
	if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() {
		addresses = []string{host}
	}
	return capture.Options{
		SpoolBytes: s.SpoolLimit << 20, UDPPort: s.MediaUDPPort, TCPPort: s.MediaTCPPort,
		ListenIPs: addresses, AdvertiseIPs: s.MediaAdvertise, Loopback: true,
		MaxStreams: s.MaxStreams, Idle: s.ResumeFor, BlobMemory: s.BlobMemory << 20,
		BlobBytes: s.BlobBytes, BlobUploads: s.BlobUploads,
		NodeURL: s.NodeURL, KeepLive: s.KeepLive,
	}
}

type workSettings struct {
	Workers int    `help:"How many renditions are made at once; 0: one for every two cores." default:"0"`
	FFmpeg  string `name:"ffmpeg" help:"The ffmpeg command." default:"ffmpeg"`
	FFprobe string `name:"ffprobe" help:"The ffprobe command." default:"ffprobe"`
}

// validate also makes paths absolute: the embedded store moves the working directory.
func (s *workSettings) validate() error {
	if s.Workers < 0 {
		return storage.Errorf(storage.Invalid, "--workers must be 0 or more, not %d.", s.Workers)
	}
	for _, tool := range []*string{&s.FFmpeg, &s.FFprobe} {
		if !strings.ContainsRune(*tool, filepath.Separator) {
			continue // looked up on the PATH
		}
		absolute, err := filepath.Abs(*tool)
		if err != nil {
			return err
		}
		*tool = absolute
	}
	return nil
}

type mailSettings struct {
	SMTPServer   string `name:"smtp-server" help:"Send mail through this server. Empty: no mail; links are shown to copy." placeholder:"HOST:PORT"`
	SMTPUser     string `name:"smtp-user" help:"Sign in to it as." placeholder:"NAME"`
	SMTPPassword string `name:"smtp-password" help:"With this password; better given as BACKROW_SMTP_PASSWORD." placeholder:"PASSWORD"`
	SMTPFrom     string `name:"smtp-from" help:"The sender's address." default:"backrow@localhost"`
	SMTPTLS      string `name:"smtp-tls" help:"starttls, tls, or none." enum:"starttls,tls,none" default:"starttls"`
}
