package objectstest

import "go.uber.org/goleak"

// GatewayLeaks are the goroutines that a closed embedded store leaves behind, for a package's
// leak check to overlook: fasthttp's clock, one in a process for ever, and its sweeper of idle
// workers, which notices the end within 10 s.
func GatewayLeaks() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
	}
}
