package main

import (
	"context"
	"fmt"
	"net/url"

	"backrow/cmd/backrow/demo"
	"backrow/transcode/ffmpeg"
)

// fillDemo fills the demonstration program and says how to get into it.
func (c *serveCommand) fillDemo(ctx context.Context, h *house, public *url.URL, t *terminal) error {
	tools, err := ffmpeg.Find(c.FFmpeg, c.FFprobe)
	if err != nil {
		return err
	}
	if err := makeFolder(c.Data); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "Making the demonstration ...")
	password, err := demo.Fill(ctx, demo.House{
		Catalogue: h.catalogue, Objects: h.store, People: h.people, Marks: h.marks,
		FFmpeg: tools, Scratch: c.Data, Ready: h.pool.RecordingReady,
	}, c.DemoPassword)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, `
  The demonstration: sign in at %s/login as

    %-24s Dana Ortiz, teacher
    %-24s Maya Lindqvist, instructor
    %-24s Samuel Adeyemi, lead

  with the password  %s
`, public, demo.TeacherEmail, demo.InstructorEmail, demo.LeadEmail, password)
	return nil
}
