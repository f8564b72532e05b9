package report_test

import (
	"backrow/review/report"
	"bytes"
	"os"
	"testing"
	"time"
)

func TestScratch(t *testing.T) {
	for n, d := range map[string]report.Document{"lesson": lesson(t), "long": long(t, 200), "empty": {}} {
		var b bytes.Buffer
		s := time.Now()
		if err := report.PDF(&b, d); err != nil {
			t.Fatal(err)
		}
		t.Log(n, time.Since(s), b.Len())
		os.WriteFile("/tmp/rpt/"+n+".pdf", b.Bytes(), 0644)
	}
}
