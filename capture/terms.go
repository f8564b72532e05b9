package capture

import "time"

// terms are times and bounds that tests make shorter.
type terms struct {
	// Of leases.
	lease time.Duration // how long a node is believed to serve a take after it last said so
	renew time.Duration // how often it says so
	grace time.Duration // after the end of a lease, until any node calls the take ended
	look  time.Duration // how often a node looks whether its takes are to end

	// Of segments on their way.
	attempt time.Duration // bounds one try: a store that hangs is a store that is away
	retry   time.Duration // the longest pause between two tries; the first is 200 ms
	memory  int           // bytes of a take that may be in memory when neither disk nor store takes them
}

var usualTerms = terms{
	lease: 30 * time.Second, renew: 10 * time.Second, grace: time.Minute, look: time.Second,
	attempt: 30 * time.Second, retry: 15 * time.Second, memory: 16 << 20,
}
