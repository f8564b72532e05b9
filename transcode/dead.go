package transcode

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river/rivertype"

	"backrow/storage"
)

// handBack makes a job that a dead node was working on available to others. The text is the same
// for both of River's schemas.
const handBack = `UPDATE river_job SET state = 'available'
WHERE id = ? AND state = 'running' AND attempt = ?`

// The last sign of life of who works on a recording, and on a take.
const (
	lastSign     = `SELECT updated_at FROM processing WHERE recording_id = ?`
	lastTakeSign = `SELECT updated_at FROM making WHERE take_id = ?`
)

// takeOver hands back the jobs whose sign of life is older than age.
func (p *Pool) takeOver(ctx context.Context, q queue, age time.Duration) error {
	oldest := time.Now().Add(-age)
	jobs, err := q.running(ctx, Job{}.Kind())
	if err != nil {
		return err
	}
	for _, row := range jobs {
		var job Job
		if err := unmarshal(row, &job); err != nil {
			return err
		}
		if err := p.takeOverOne(ctx, row, oldest, lastSign, job.RecordingID); err != nil {
			return err
		}
	}
	if jobs, err = q.running(ctx, TakeJob{}.Kind()); err != nil {
		return err
	}
	for _, row := range jobs {
		var job TakeJob
		if err := unmarshal(row, &job); err != nil {
			return err
		}
		if err := p.takeOverOne(ctx, row, oldest, lastTakeSign, job.TakeID); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pool) takeOverOne(ctx context.Context, row *rivertype.JobRow, oldest time.Time,
	query string, of storage.ID,
) error {
	var sign storage.Time
	err := p.db.Get(ctx, &sign, query, of)
	if err != nil && storage.KindOf(err) != storage.NotFound {
		return err
	}
	if sign.After(oldest) || row.AttemptedAt != nil && row.AttemptedAt.After(oldest) {
		return nil
	}
	p.log.Warn("job of a node that died is taken over", "kind", row.Kind, "of", of,
		"job", row.ID, "attempt", row.Attempt, "sign_of_life", sign.Time)
	_, err = p.db.Exec(ctx, handBack, row.ID, row.Attempt)
	return err
}

func unmarshal(row *rivertype.JobRow, args any) error {
	if err := json.Unmarshal(row.EncodedArgs, args); err != nil {
		return fmt.Errorf("transcode: read job %d: %w", row.ID, err)
	}
	return nil
}
