package review

import (
	"context"

	"backrow/storage"
)

// Framework is a program's tree of teaching practices.
type Framework struct {
	ID        storage.ID   `db:"id"`
	ProgramID storage.ID   `db:"program_id"`
	Name      string       `db:"name"`
	CreatedAt storage.Time `db:"created_at"`
}

// Area is a node of a framework.
type Area struct {
	ID          storage.ID `db:"id"`
	FrameworkID storage.ID `db:"framework_id"`
	ParentID    storage.ID `db:"parent_id"` // "": at the top
	Position    int64      `db:"position"`  // in the order of being added, over the whole framework
	Name        string     `db:"name"`
	Description string     `db:"description"`
	Depth       int        `db:"-"` // 0 at the top; set by Areas
}

// What bounds a framework: the largest in use, with its sub-elements, has some 80 areas in 3 levels.
const (
	maxFrameworks = 50   // of a program
	maxAreas      = 1000 // of a framework
	maxDepth      = 6
)

// CreateFramework adds a framework to a program. Repeating it with the same id changes nothing.
func (s *Service) CreateFramework(ctx context.Context, actor storage.ID, f Framework,
) (Framework, error) {
	var err error
	if f.Name, err = needed("The name of the framework", f.Name, maxName); err != nil {
		return Framework{}, err
	}
	if f.ID == "" {
		f.ID = storage.NewID()
	}
	var have Framework
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := hold(ctx, tx, "programs", f.ProgramID); err != nil {
			return err
		}
		if err := s.room(ctx, tx, maxFrameworks, "This program has as many frameworks as fit: %d.",
			`SELECT COUNT(*) FROM frameworks WHERE program_id = ? AND id <> ?`, f.ProgramID,
			f.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO frameworks (id, program_id, name, created_at)
VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`, f.ID, f.ProgramID, f.Name, s.now()); err != nil {
			return err
		}
		err := tx.Get(ctx, &have, `SELECT * FROM frameworks WHERE id = ?`, f.ID)
		if err == nil && have.ProgramID != f.ProgramID {
			return storage.Errorf(storage.Conflict, "That id belongs to another framework.")
		}
		return err
	})
	return have, err
}

// Frameworks lists the frameworks of a program, oldest first.
func (s *Service) Frameworks(ctx context.Context, program storage.ID) ([]Framework, error) {
	var found []Framework
	err := s.db.Select(ctx, &found, `SELECT * FROM frameworks WHERE program_id = ? ORDER BY id LIMIT ?`,
		program, maxFrameworks)
	return found, err
}

const areaColumns = `a.id, a.framework_id, COALESCE(a.parent_id, '') AS parent_id, a.position, a.name,
    a.description`

// AddArea adds an area to a framework of a program, last among its siblings. Repeating it with the
// same id changes nothing.
func (s *Service) AddArea(ctx context.Context, actor, program storage.ID, a Area) (Area, error) {
	a, err := readArea(a)
	if err != nil {
		return Area{}, err
	}
	if a.ID == "" {
		a.ID = storage.NewID()
	}
	var have Area
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var framework Framework
		if err := tx.Get(ctx, &framework, `UPDATE frameworks SET name = name
WHERE id = ? AND program_id = ? RETURNING *`, a.FrameworkID, program); err != nil {
			return err
		}
		if err := s.room(ctx, tx, maxAreas, "This framework has as many areas as fit: %d.",
			`SELECT COUNT(*) FROM areas WHERE framework_id = ? AND id <> ?`, a.FrameworkID,
			a.ID); err != nil {
			return err
		}
		if err := checkParent(ctx, tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO areas (id, framework_id, parent_id, position, name,
    description)
SELECT CAST(? AS TEXT), f.id, NULLIF(CAST(? AS TEXT), ''),
    (SELECT COALESCE(MAX(position), 0) + 1 FROM areas WHERE framework_id = f.id),
    CAST(? AS TEXT), CAST(? AS TEXT)
FROM frameworks f WHERE f.id = ? ON CONFLICT (id) DO NOTHING`, a.ID, a.ParentID, a.Name,
			a.Description, a.FrameworkID); err != nil {
			return err
		}
		err := tx.Get(ctx, &have, `SELECT `+areaColumns+` FROM areas a WHERE a.id = ?`, a.ID)
		if err == nil && have.FrameworkID != a.FrameworkID {
			return storage.Errorf(storage.Conflict, "That id belongs to another area.")
		}
		return err
	})
	return have, err
}

func readArea(a Area) (Area, error) {
	var err error
	if a.Name, err = needed("The name of the area", a.Name, maxName); err != nil {
		return Area{}, err
	}
	a.Description, err = prose("The description", a.Description, maxText)
	return a, err
}

// checkParent makes sure that the parent is an area of the same framework and not too deep.
func checkParent(ctx context.Context, tx *storage.Tx, a Area) error {
	parent := a.ParentID
	for depth := 1; parent != ""; depth++ {
		if depth >= maxDepth {
			return storage.Errorf(storage.Invalid, "Areas can be nested %d deep, no deeper.", maxDepth)
		}
		var above Area
		if err := tx.Get(ctx, &above, `SELECT `+areaColumns+` FROM areas a
WHERE a.id = ? AND a.framework_id = ?`, parent, a.FrameworkID); err != nil {
			return err
		}
		parent = above.ParentID
	}
	return nil
}

// EditArea changes the name and description of an area of a program.
func (s *Service) EditArea(ctx context.Context, actor, program storage.ID, a Area) (Area, error) {
	a, err := readArea(a)
	if err != nil {
		return Area{}, err
	}
	var have Area
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE areas SET name = ?, description = ? WHERE id = ?
    AND framework_id IN (SELECT id FROM frameworks WHERE program_id = ?)`, a.Name, a.Description, a.ID,
			program); err != nil {
			return err
		}
		return tx.Get(ctx, &have, `SELECT `+areaColumns+` FROM areas a
JOIN frameworks f ON f.id = a.framework_id WHERE a.id = ? AND f.program_id = ?`, a.ID, program)
	})
	return have, err
}

// RemoveArea removes an area of a program. One that somebody works on or worked on, or that has
// areas below it, is a Conflict. Removing it again changes nothing.
func (s *Service) RemoveArea(ctx context.Context, actor, program, id storage.ID) error {
	return s.db.InTx(ctx, func(tx *storage.Tx) error {
		// Held, because adding a target area holds the area too.
		if err := hold(ctx, tx, "areas", id); err != nil {
			if storage.KindOf(err) == storage.NotFound {
				return nil
			}
			return err
		}
		var used int
		if err := tx.Get(ctx, &used, `SELECT COUNT(*) FROM target_areas WHERE area_id = ?`,
			id); err != nil {
			return err
		}
		if used > 0 {
			return storage.Errorf(storage.Conflict, "Teachers work or worked on this area: it has to stay.")
		}
		var below int
		if err := tx.Get(ctx, &below, `SELECT COUNT(*) FROM areas WHERE parent_id = ?`, id); err != nil {
			return err
		}
		if below > 0 {
			return storage.Errorf(storage.Conflict, "There are areas below this one: remove them first.")
		}
		_, err := tx.Exec(ctx, `DELETE FROM areas WHERE id = ?
    AND framework_id IN (SELECT id FROM frameworks WHERE program_id = ?)`, id, program)
		return err
	})
}

// Areas lists the areas of a program, framework after framework, each area after its parent and
// before its parent's next child.
func (s *Service) Areas(ctx context.Context, program storage.ID) ([]Area, error) {
	var found []Area
	if err := s.db.Select(ctx, &found, `SELECT `+areaColumns+`
FROM frameworks f JOIN areas a ON a.framework_id = f.id
WHERE f.program_id = ? ORDER BY f.id, a.position, a.id LIMIT ?`, program,
		maxFrameworks*maxAreas); err != nil {
		return nil, err
	}
	below := make(map[storage.ID][]Area, len(found))
	for _, a := range found {
		below[a.ParentID] = append(below[a.ParentID], a)
	}
	tree := make([]Area, 0, len(found))
	var walk func(parent storage.ID, depth int)
	walk = func(parent storage.ID, depth int) {
		for _, a := range below[parent] {
			a.Depth = depth
			tree = append(tree, a)
			walk(a.ID, depth+1)
		}
	}
	walk("", 0)
	return tree, nil
}

// hold keeps every other writer of one row out until tx ends; NotFound when there is no such row.
func hold(ctx context.Context, tx *storage.Tx, table string, id storage.ID) error {
	var held storage.ID
	return tx.Get(ctx, &held, `UPDATE `+table+` SET id = id WHERE id = ? RETURNING id`, id)
}

// room is a TooMany error, with the bound in its sentence, when count finds as many rows as fit.
func (s *Service) room(ctx context.Context, tx *storage.Tx, most int, sentence, count string,
	args ...any,
) error {
	var there int
	if err := tx.Get(ctx, &there, count, args...); err != nil {
		return err
	}
	if there >= most {
		return storage.Errorf(storage.TooMany, sentence, most)
	}
	return nil
}
