package stills

import "slices"

// Quality says how well a picture would do as a poster; 0: not at all.
type Quality float64

// Below and above these means of luma (0–255) a picture is taken to be dark or burnt out, and
// below this spread to show nothing.
const (
	dark   = 20
	bright = 240
	flat   = 4
)

// Judge looks at a picture in 8-bit RGB: not dark, not burnt out, not empty, and the sharper (the
// greater its mean absolute Laplacian) the better.
func Judge(rgb []byte, width, height int) Quality {
	luma := make([]int, width*height)
	sum := 0
	for i := range luma { // ITU-R BT.601, in 256ths
		luma[i] = (77*int(rgb[3*i]) + 150*int(rgb[3*i+1]) + 29*int(rgb[3*i+2])) >> 8
		sum += luma[i]
	}
	mean := sum / max(len(luma), 1)
	spread, edges := 0, 0
	for i, l := range luma {
		spread += abs(l - mean)
		if x, y := i%width, i/width; x > 0 && y > 0 && x < width-1 && y < height-1 {
			edges += abs(4*l - luma[i-1] - luma[i+1] - luma[i-width] - luma[i+width])
		}
	}
	if mean < dark || mean > bright || spread/len(luma) < flat {
		return 0
	}
	return Quality(1+edges) / Quality(len(luma))
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// Best names the best tiles drawn so far, at most n, the best first.
func (s *Sheet) Best(n int) []int {
	order := make([]int, len(s.quality))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case s.quality[a] > s.quality[b]:
			return -1
		case s.quality[a] < s.quality[b]:
			return 1
		}
		return 0
	})
	return order[:min(n, len(order))]
}
