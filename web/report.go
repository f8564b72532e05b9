package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"backrow/annotate"
	"backrow/review"
	"backrow/review/access"
	"backrow/review/report"
	"backrow/storage"
)

func (s *Server) reportRoutes() []route {
	download := may(access.DownloadReport, "id")
	return []route{
		{method: "GET", pattern: "/api/recordings/{id}/report.pdf", who: download, handle: s.reportPDF},
		{method: "GET", pattern: "/api/recordings/{id}/report.csv", who: download, handle: s.reportCSV},
	}
}

func (s *Server) reportPDF(w http.ResponseWriter, r *http.Request) error {
	return s.sendReport(w, r, "pdf", "application/pdf", report.PDF)
}

func (s *Server) reportCSV(w http.ResponseWriter, r *http.Request) error {
	return s.sendReport(w, r, "csv", "text/csv; charset=utf-8", report.CSV)
}

func (s *Server) sendReport(w http.ResponseWriter, r *http.Request, extension, mediaType string,
	write func(io.Writer, report.Document) error,
) error {
	doc, err := s.reportOf(r, extension == "pdf")
	if err != nil {
		return err
	}
	var out bytes.Buffer // whole before the first byte is sent: a report that fails is an error
	if err := write(&out, doc); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", attachment(doc.Title, extension))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(http.StatusOK)
	w.Write(out.Bytes()) //nolint:errcheck // the client went away
	return nil
}

// reportOf gathers what the viewer may see of a recording.
func (s *Server) reportOf(r *http.Request, stills bool) (report.Document, error) {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return report.Document{}, err
	}
	recording, err := s.options.Catalogue.Recording(ctx, id)
	if err != nil {
		return report.Document{}, err
	}
	marks, _, err := s.options.Marks.List(ctx, viewer(r).ID, id)
	if err != nil {
		return report.Document{}, err
	}
	doc := report.Document{Title: recording.Title, Class: recording.Class,
		RecordedAt:  recording.StartedAt.Time,
		Duration:    milliseconds(recording.DurationMS),
		GeneratedAt: s.options.Now(), Zone: zone(r), Lang: s.language(r), Paper: paperOf(r)}
	if err := s.people(ctx, recording, &doc); err != nil {
		return report.Document{}, err
	}
	targets, err := s.options.Review.TargetAreas(ctx, recording.ProgramID, recording.OwnerID)
	if err != nil {
		return report.Document{}, err
	}
	doc.Areas = reportAreas(targets, marks)
	doc.Marks = each(marks, reportMark)
	if stills {
		s.addStills(ctx, id, doc.Marks)
	}
	return doc, nil
}

// people fills in who the recording is about: teacher, program, and the instructors whose reviews
// there are.
func (s *Server) people(ctx context.Context, recording storage.Recording, doc *report.Document) error {
	teacher, err := s.options.Review.User(ctx, recording.OwnerID)
	if err != nil {
		return err
	}
	program, err := s.options.Review.Program(ctx, recording.ProgramID)
	if err != nil {
		return err
	}
	reviews, err := s.options.Review.Reviews(ctx, recording.ID)
	if err != nil {
		return err
	}
	doc.Teacher, doc.Program = teacher.Name, program.Name
	for _, v := range reviews {
		doc.Instructors = append(doc.Instructors, v.InstructorName)
		if !v.ReturnedAt.IsZero() {
			doc.Reviews = append(doc.Reviews, report.Review{Instructor: v.InstructorName,
				Summary: v.Summary, ReturnedAt: v.ReturnedAt.Time})
		}
	}
	return nil
}

// reportAreas are the target areas worked on, and those that a mark is about.
func reportAreas(targets []review.TargetArea, marks []annotate.Annotation) []report.Area {
	var areas []report.Area
	for _, t := range targets {
		marked := slices.ContainsFunc(marks, func(a annotate.Annotation) bool {
			return slices.Contains(a.TargetAreaIDs, t.ID)
		})
		if t.Status == review.Active || marked {
			areas = append(areas, report.Area{ID: string(t.ID), Name: t.AreaName, Goal: t.Goal,
				Measure: t.Measure, DueOn: string(t.DueOn), Hue: t.Hue})
		}
	}
	return areas
}

func reportMark(a annotate.Annotation) report.Mark {
	return report.Mark{
		Start: milliseconds(a.StartMS), End: milliseconds(a.EndMS), Kind: report.Kind(a.Kind),
		AreaIDs: each(a.TargetAreaIDs, func(id storage.ID) string { return string(id) }),
		Text:    a.Text, Author: a.Author.Name, CreatedAt: a.CreatedAt.Time,
		Private: a.Visibility != annotate.Shared,
		Replies: each(a.Replies, func(r annotate.Reply) report.Reply {
			return report.Reply{Author: r.Author.Name, Text: r.Text, At: r.CreatedAt.Time}
		}),
	}
}

func milliseconds(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// paperOf is the paper that the reader's country prints on.
func paperOf(r *http.Request) report.Paper {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	first, _, _ = strings.Cut(first, ";")
	switch _, region, _ := strings.Cut(strings.TrimSpace(first), "-"); strings.ToUpper(region) {
	case "US", "CA", "MX", "PH", "CO", "CL", "VE", "419":
		return report.Letter
	}
	return report.A4
}
