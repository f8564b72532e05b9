package storage

import (
	"context"
	"strings"
)

// Node is one process that serves, by the data folder that it belongs to.
type Node struct {
	ID     ID     `db:"id"`
	URL    string `db:"url"` // where it is reached directly; empty: it is not
	SeenAt Time   `db:"seen_at"`
}

// Reasons for the end of a take that others than its own sender bring about.
const (
	// EndedLease is the end of a take whose node has not been heard of. A node that comes back, and
	// has been receiving all the while, opens it again.
	EndedLease = "node not heard of"
	// EndedKilled is the end of a take whose node was killed and has started again.
	EndedKilled = "server was killed"
	// EndedBarred is the end of a take whose owner may record no more.
	EndedBarred = "owner may record no more"
)

const upsertNode = `INSERT INTO nodes (id, url, seen_at) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET url = excluded.url, seen_at = excluded.seen_at`

// SeeNode notes that a node is there, and where.
func (c *Catalogue) SeeNode(ctx context.Context, n Node) error {
	_, err := c.db.Exec(ctx, upsertNode, n.ID, n.URL, n.SeenAt)
	return err
}

// Node reads what is known of a node.
func (c *Catalogue) Node(ctx context.Context, id ID) (Node, error) {
	var n Node
	err := c.db.Get(ctx, &n, `SELECT * FROM nodes WHERE id = ?`, id)
	return n, err
}

// leaseBatch bounds the ids of one statement.
const leaseBatch = 500

// RenewLeases lengthens a node's leases of takes: one statement for 500 of them. A take that was
// given up by another node meanwhile is opened again.
func (c *Catalogue) RenewLeases(ctx context.Context, node ID, takes []ID, until Time) error {
	for len(takes) > 0 {
		some := takes[:min(len(takes), leaseBatch)]
		takes = takes[len(some):]
		args := append([]any{until, EndedLease, node}, anys(some)...)
		if _, err := c.db.Exec(ctx, `UPDATE takes SET lease_until = ?,
    state = CASE WHEN state = 'ended' AND end_reason = ? THEN 'open' ELSE state END
WHERE node = ? AND id IN (`+marks(some)+`)`, args...); err != nil {
			return err
		}
	}
	return nil
}

// ReleaseLease says that everything of a live take is in the catalogue.
func (c *Catalogue) ReleaseLease(ctx context.Context, node, take ID) error {
	_, err := c.db.Exec(ctx, `UPDATE takes SET lease_until = '', state = 'ended',
    ended_at = CASE WHEN ended_at = '' THEN ? ELSE ended_at END
WHERE id = ? AND node = ? AND state <> 'dropped'`, Now(), take, node)
	return err
}

// ExpireLeases ends open takes whose lease ran out before the time given.
func (c *Catalogue) ExpireLeases(ctx context.Context, before Time) error {
	_, err := c.db.Exec(ctx, `UPDATE takes SET state = 'ended', end_reason = ?, ended_at = lease_until,
    lease_until = ''
WHERE state = 'open' AND route = 'live' AND lease_until <> '' AND lease_until < ?`,
		EndedLease, before)
	return err
}

// EndTakesOfNode ends the open takes that a node left behind when it was killed.
func (c *Catalogue) EndTakesOfNode(ctx context.Context, node ID) error {
	_, err := c.db.Exec(ctx, `UPDATE takes SET state = 'ended', end_reason = ?, ended_at = ?
WHERE state = 'open' AND route = 'live' AND node = ?`, EndedKilled, Now(), node)
	return err
}

// EndTakesOfOwner ends the open live takes of a person's recordings; the nodes that serve them see
// it.
func (c *Catalogue) EndTakesOfOwner(ctx context.Context, owner ID) error {
	_, err := c.db.Exec(ctx, `UPDATE takes SET state = 'ended', end_reason = ?, ended_at = ?
WHERE state = 'open' AND route = 'live'
    AND recording_id IN (SELECT id FROM recordings WHERE owner_id = ?)`, EndedBarred, Now(), owner)
	return err
}

// Ending is a take that its node is to end, and why.
type Ending struct {
	ID     ID     `db:"id"`
	Reason string `db:"reason"`
}

// Endings tells which of the takes given have been ended from outside: by a stop of the recording
// or its deletion, at any node, or by themselves.
func (c *Catalogue) Endings(ctx context.Context, takes []ID) ([]Ending, error) {
	var all []Ending
	for len(takes) > 0 {
		some := takes[:min(len(takes), leaseBatch)]
		takes = takes[len(some):]
		var found []Ending
		args := append(anys(some), EndedLease)
		if err := c.db.Select(ctx, &found, `SELECT t.id,
    CASE WHEN t.state <> 'open' THEN t.end_reason ELSE 'recording stopped' END AS reason
FROM takes t JOIN recordings r ON r.id = t.recording_id
WHERE t.id IN (`+marks(some)+`) AND (r.state <> 'recording' OR r.deleted_at <> ''
    OR t.state <> 'open' AND t.end_reason <> ?) LIMIT 500`, args...); err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// Leased lists the takes of a recording of which nodes other than the one given hold, or held, a
// lease: whether it is over is for the caller to say.
func (c *Catalogue) Leased(ctx context.Context, recording, node ID) ([]Take, error) {
	var found []Take
	err := c.db.Select(ctx, &found, `SELECT * FROM takes
WHERE recording_id = ? AND route = 'live' AND lease_until <> '' AND node <> ?
ORDER BY id LIMIT 1000`, recording, node)
	return found, err
}

// Sign is how far a recording has come: another Sign of it means that something was received.
type Sign struct {
	Updated  Time   `db:"updated_at"`
	Takes    int64  `db:"takes"`
	Ended    string `db:"ended"`
	Segments string `db:"segments"` // when the newest of each take was added
	Blobs    string `db:"blobs"`
	Made     int64  `db:"made"`
}

// SignOf reads the present Sign of a recording, at the cost of a row of each take.
func (c *Catalogue) SignOf(ctx context.Context, recording ID) (Sign, error) {
	var s Sign
	err := c.db.Get(ctx, &s, `SELECT r.updated_at, COUNT(t.id) AS takes,
    COALESCE(MAX(t.ended_at), '') AS ended,
    COALESCE(MAX((SELECT s.created_at FROM segments s WHERE s.take_id = t.id
        ORDER BY s.number DESC LIMIT 1)), '') AS segments,
    COALESCE(MAX((SELECT b.created_at FROM blobs b WHERE b.take_id = t.id
        ORDER BY b.number DESC LIMIT 1)), '') AS blobs,
    COALESCE(SUM(t.made_blobs), 0) AS made
FROM recordings r LEFT JOIN takes t ON t.recording_id = r.id
WHERE r.id = ? GROUP BY r.id, r.updated_at`, recording)
	return s, err
}

func marks(ids []ID) string { return strings.TrimSuffix(strings.Repeat("?, ", len(ids)), ", ") }

func anys(ids []ID) []any {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}
