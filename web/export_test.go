package web

import "time"

// LocalPath is localPath, for the tests.
var LocalPath = localPath

// Throttle is throttle, for the tests.
type Throttle struct{ *throttle }

// NewThrottle is newThrottle, for the tests.
func NewThrottle(now func() time.Time) Throttle { return Throttle{newThrottle(now)} }

// Spend is spend, for the tests.
func (t Throttle) Spend(key string, allowed int) error { return t.spend(key, allowed) }

// Refund is refund, for the tests.
func (t Throttle) Refund(key string) { t.refund(key) }

// ContentDigest is contentDigest, for the tests.
var ContentDigest = contentDigest
