package backup

import (
	"fmt"
	"slices"

	"backrow/capture/cmaf"
	"backrow/capture/depacket"
)

// entries are the sample entries that HLS players in browsers play. avc3, AV1 and HEVC are not among
// them: some play them, and some do not.
var entries = map[string]func(e *sampleEntry, boxes []byte) error{
	"video avc1": readAVC,
	"video vp09": readVP9,
	"audio Opus": readOpus,
	"audio mp4a": readAAC,
}

// profiles of H.264 that every decoder knows: Baseline, Main, Extended, High, all of 8 bits in 4:2:0.
var profiles = []uint8{66, 77, 88, 100}

// readAVC reads an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.3.3.1).
func readAVC(e *sampleEntry, boxes []byte) error {
	config := find(boxes, "avcC")
	if len(config) < 7 || !slices.Contains(profiles, config[1]) {
		return fmt.Errorf("players do not play this profile of H.264")
	}
	e.codec, e.name = "h264", fmt.Sprintf("avc1.%02x%02x%02x", config[1], config[2], config[3])
	return nil
}

// readVP9 reads a VPCodecConfigurationBox (VP Codec ISO Media File Format Binding, section 2).
func readVP9(e *sampleEntry, boxes []byte) error {
	c := cursor{data: find(boxes, "vpcC")}
	c.full()
	profile, level, depth := c.u8(), c.u8(), c.u8()>>4
	if c.short || profile != 0 || depth != 8 {
		return fmt.Errorf("players do not play this profile of VP9")
	}
	e.codec = "vp9"
	if level == 0 { // Chromium does not say
		e.name = cmaf.Tracks{Video: depacket.Format{Codec: depacket.VP9, Width: e.width, Height: e.height,
			BitDepth: 8}}.Codecs()
		return nil
	}
	e.name = fmt.Sprintf("vp09.%02d.%02d.%02d", profile, level, depth)
	return nil
}

func readOpus(e *sampleEntry, boxes []byte) error {
	if find(boxes, "dOps") == nil {
		return fmt.Errorf("its sound does not say how it is coded")
	}
	e.codec, e.name = "opus", "opus"
	return nil
}

// readAAC looks for AAC-LC and its extensions in an elementary stream descriptor (ISO/IEC 14496-1,
// section 7.2.6).
func readAAC(e *sampleEntry, boxes []byte) error {
	c := cursor{data: find(boxes, "esds")}
	c.full()
	c.descriptor(3) // ES_Descriptor
	c.skip(3)
	c.descriptor(4) // DecoderConfigDescriptor
	object := c.u8()
	c.skip(12)
	c.descriptor(5) // DecoderSpecificInfo
	kind := c.u8() >> 3
	if c.short || object != 0x40 || kind != 2 && kind != 5 && kind != 29 {
		return fmt.Errorf("players do not play its sound")
	}
	e.codec, e.name = "aac", fmt.Sprintf("mp4a.40.%d", kind)
	return nil
}

// descriptor reads the head of a descriptor, whose length comes seven bits a byte.
func (c *cursor) descriptor(tag uint8) {
	c.short = c.short || c.u8() != tag
	for range 4 {
		if c.u8() < 0x80 {
			return
		}
	}
	c.short = true
}
