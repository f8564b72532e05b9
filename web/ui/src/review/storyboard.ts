// The stills that are shown while the pointer is over the timeline: one sheet, and WebVTT cues
// whose text names a place in it by a media fragment (`storyboard.jpg#xywh=160,90,160,90`).

export interface Still {
  start: number; // milliseconds
  end: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

const cue =
  /(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3})\s+-->\s+(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3})[^\n]*\n[^\n]*#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)/g;

/** The stills of a WebVTT index, in order. What is not a cue with a place is passed over. */
export function parseStoryboard(vtt: string): Still[] {
  const found: Still[] = [];
  for (const match of vtt.replace(/\r\n?/g, "\n").matchAll(cue)) {
    const n = match.slice(1).map((part) => Number(part ?? 0));
    found.push({
      start: moment(n[0]!, n[1]!, n[2]!, n[3]!),
      end: moment(n[4]!, n[5]!, n[6]!, n[7]!),
      x: n[8]!,
      y: n[9]!,
      width: n[10]!,
      height: n[11]!,
    });
  }
  return found.sort((a, b) => a.start - b.start);
}

function moment(hours: number, minutes: number, seconds: number, ms: number): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

/** The still of the moment ms: the last that begins at or before it. */
export function stillAt(stills: readonly Still[], ms: number): Still | undefined {
  let low = 0;
  let high = stills.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stills[middle]!.start <= ms) low = middle + 1;
    else high = middle;
  }
  return stills[Math.max(0, low - 1)];
}

/** Where on the sheet a still is when it is shown so many pixels wide: the sheet is scaled with it. */
export function placeOf(stills: readonly Still[], still: Still, width: number) {
  const scale = width / still.width;
  const right = Math.max(...stills.map(({ x, width }) => x + width));
  const bottom = Math.max(...stills.map(({ y, height }) => y + height));
  return {
    width,
    height: Math.round(still.height * scale),
    x: -still.x * scale,
    y: -still.y * scale,
    sheetWidth: right * scale,
    sheetHeight: bottom * scale,
  };
}
