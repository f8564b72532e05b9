package pdf

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image/color"
	"image/jpeg"
)

// Image is a JPEG of the file.
type Image struct {
	Width, Height int // pixels

	name string
	ref  ref
}

// ErrImage is what Image returns for what is not a grey or colour JPEG.
var ErrImage = errors.New("not a grey or colour JPEG")

// Image adds a JPEG as it is; the same bytes are added once.
func (f *File) Image(data []byte) (*Image, error) {
	sum := sha256.Sum256(data)
	if have, ok := f.images[sum]; ok {
		return have, nil
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrImage, err)
	}
	space := "/DeviceRGB"
	switch config.ColorModel {
	case color.YCbCrModel:
	case color.GrayModel:
		space = "/DeviceGray"
	default:
		return nil, ErrImage
	}
	if config.Width == 0 || config.Height == 0 {
		return nil, ErrImage
	}
	im := &Image{config.Width, config.Height, fmt.Sprintf("I%d", len(f.images)+1), f.reserve()}
	f.raw(im.ref, fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s"+
		" /BitsPerComponent 8 /Filter /DCTDecode", im.Width, im.Height, space), data)
	f.images[sum] = im
	f.imageList = append(f.imageList, im)
	return im, nil
}

// resources are the fonts and images of the whole file, which every page may use.
func (f *File) resources() ref {
	if f.shared != 0 {
		return f.shared
	}
	var fonts, images bytes.Buffer
	for _, font := range f.fonts {
		fmt.Fprintf(&fonts, "/%s %v ", font.name, font.ref)
	}
	for _, im := range f.imageList {
		fmt.Fprintf(&images, "/%s %v ", im.name, im.ref)
	}
	f.shared = f.add("<</Font <<%s>> /XObject <<%s>>>>", &fonts, &images)
	return f.shared
}
