// The audio peaks, as bars on a canvas.

import { bars, type View } from "./timeline-maths";

export interface Waveform {
  version: number;
  peaks_per_second: number;
  peaks: number[];
  duration_ms: number;
}

/** A waveform that knows its highest peak. */
export interface Drawn extends Waveform {
  loudest: number;
}

export function drawn(waveform: Waveform): Drawn {
  // Not Math.max(...peaks): a long lesson has more peaks than a call has arguments.
  return { ...waveform, loudest: waveform.peaks.reduce((most, peak) => Math.max(most, peak), 0) };
}

const middle = 31; // px from the top: the waveform has the upper 62 px of the timeline
const tallest = 50;
const pitch = 3; // px from bar to bar

/**
 * Draws the view's part of waveform in the colour of the custom property named. Without a
 * waveform there is a quiet line: the timeline works all the same.
 */
export function drawWaveform(
  canvas: HTMLCanvasElement,
  waveform: Drawn | null,
  view: View,
  width: number,
  colour: string,
): void {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(62 * scale);
  const draw = canvas.getContext("2d");
  if (!draw || width === 0) return;
  draw.scale(scale, scale);
  draw.fillStyle = getComputedStyle(canvas).getPropertyValue(colour);
  const count = Math.ceil(width / pitch);
  const heights = waveform
    ? bars(waveform.peaks, waveform.peaks_per_second, view, count)
    : new Float32Array(count);
  // A quiet room is drawn as tall as a loud one: the shape is what is looked for.
  const loudest = waveform ? Math.max(64, waveform.loudest) / 255 : 1;
  draw.beginPath();
  heights.forEach((height, i) => {
    const tall = Math.max(2, (height / loudest) * tallest);
    draw.roundRect(i * pitch, middle - tall / 2, 2, tall, 1);
  });
  draw.fill();
}
