package review

import (
	"context"

	"backrow/storage"
)

// Program is one organisation's coaching program.
type Program struct {
	ID        storage.ID   `db:"id"`
	Name      string       `db:"name"`
	CreatedAt storage.Time `db:"created_at"`
}

func readProgram(p Program) (Program, error) {
	name, err := needed("The name of the program", p.Name, maxName)
	if p.ID == "" {
		p.ID = storage.NewID()
	}
	p.Name = name
	return p, err
}

// CreateProgram adds a program with the ID (made when empty) and Name of p. It has no members yet.
// Repeating it with the same id changes nothing and returns what is there.
func (s *Service) CreateProgram(ctx context.Context, actor storage.ID, p Program) (Program, error) {
	p, err := readProgram(p)
	if err != nil {
		return Program{}, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		p, err = s.insertProgram(ctx, tx, actor, p)
		return err
	})
	return p, err
}

func (s *Service) insertProgram(ctx context.Context, tx *storage.Tx, actor storage.ID, p Program,
) (Program, error) {
	result, err := tx.Exec(ctx, `INSERT INTO programs (id, name, created_at) VALUES (?, ?, ?)
ON CONFLICT (id) DO NOTHING`, p.ID, p.Name, s.now())
	if err != nil {
		return Program{}, err
	}
	if added, err := result.RowsAffected(); err != nil {
		return Program{}, err
	} else if added == 1 {
		if err := s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "program.added", Subject: "program:" + string(p.ID),
		}); err != nil {
			return Program{}, err
		}
	}
	var have Program
	err = tx.Get(ctx, &have, `SELECT * FROM programs WHERE id = ?`, p.ID)
	return have, err
}

// RenameProgram changes a program's name.
func (s *Service) RenameProgram(ctx context.Context, actor, program storage.ID, name string,
) (Program, error) {
	p, err := readProgram(Program{ID: program, Name: name})
	if err != nil {
		return Program{}, err
	}
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if err := tx.Get(ctx, &p, `UPDATE programs SET name = ? WHERE id = ? RETURNING *`, p.Name,
			program); err != nil {
			return err
		}
		return s.Audit(ctx, tx, Entry{
			ActorID: actor, Action: "program.renamed", Subject: "program:" + string(program),
		})
	})
	return p, err
}

// Program reads one program.
func (s *Service) Program(ctx context.Context, id storage.ID) (Program, error) {
	var p Program
	err := s.db.Get(ctx, &p, `SELECT * FROM programs WHERE id = ?`, id)
	return p, err
}

// AllPrograms lists every program by id, that is by age, for the operator.
func (s *Service) AllPrograms(ctx context.Context, p Page) (List[Program], error) {
	var found []Program
	err := s.db.Select(ctx, &found, `SELECT * FROM programs WHERE id > ? ORDER BY id LIMIT ?`,
		p.after(), p.rows())
	return listOf(p, found, func(p Program) string { return string(p.ID) }), err
}
