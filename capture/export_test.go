package capture

// Negotiate is negotiate for tests: the codecs that are chosen.
func Negotiate(offer string) (video, audio string, err error) {
	a, err := negotiate(offer)
	return string(a.video), string(a.audio), err
}
