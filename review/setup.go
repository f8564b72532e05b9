package review

// Setup is what the first visitor fills in.
type Setup struct {
	Token    string // of the one-time link, from OpenSetup
	SiteName string
	Email    string
	Name     string
	Password string
	Program  string // the name of the first program
}
