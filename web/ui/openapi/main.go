// Command openapi prints the description of the JSON API, of which the build makes the types
// that the scripts are checked against.
package main

import (
	"fmt"
	"os"

	"backrow/web"
)

func main() {
	text, err := web.OpenAPI()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Stdout.Write(append(text, '\n')) //nolint:errcheck // the pipe is gone
}
