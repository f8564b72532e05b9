package review

// ListQueries are the lists of home pages, for the test that looks at how they are answered.
var ListQueries = map[string]string{
	"MyRecordings": selectLessons,
	"SharedWith":   selectShared + latestShared,
	"Inbox":        selectWaiting,
	"Caseload":     selectCoached,
	"Coverage":     selectCovered,
	"Cycles":       selectCycles + `WHERE c.program_id = ? AND c.id < ? ORDER BY c.id DESC LIMIT ?`,
	"Members": selectMembers + `WHERE m.program_id = ? AND m.user_id > ?
ORDER BY m.user_id LIMIT ?`,
	"Invitations": selectInvitations + `WHERE i.program_id = ? AND i.accepted_at = ''
    AND i.id < ? ORDER BY i.id DESC LIMIT ?`,
}

// Email and Line are what reads text from outside, for fuzzing.
var (
	Email  = email
	Line   = line
	Prose  = prose
	Folded = folded
)
