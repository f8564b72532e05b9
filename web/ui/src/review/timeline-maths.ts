// Where on the timeline a moment lies, and which marks lie together. Pure: no DOM. Moments are
// milliseconds on the recording's timeline, places are CSS pixels from the timeline's left edge.

/** The part of a recording that the timeline shows. */
export interface View {
  from: number;
  to: number;
}

/** What the maths needs to know of a mark. */
export interface Spot {
  id: string;
  start_ms: number;
  end_ms: number;
}

/** One or more marks that are drawn as one. */
export interface Cluster<Mark extends Spot> {
  marks: Mark[];
  x: number;
  /** Where the range of a lone mark ends; x for a point and for several marks. */
  endX: number;
}

/** Zooming in further than this shows nothing more: about 40 px a second on a laptop. */
export const narrowestMS = 20_000;

export function toX(view: View, width: number, ms: number): number {
  return ((ms - view.from) / Math.max(1, view.to - view.from)) * width;
}

export function toMS(view: View, width: number, x: number): number {
  return view.from + (x / Math.max(1, width)) * (view.to - view.from);
}

/** view, kept inside the recording and no narrower than narrowestMS. */
export function clampView(view: View, duration: number): View {
  const whole = Math.max(1, duration);
  const length = Math.min(whole, Math.max(Math.min(narrowestMS, whole), view.to - view.from));
  const from = Math.min(Math.max(0, view.from), whole - length);
  return { from, to: from + length };
}

/** view made factor times as long, with the moment at stays where it is on the screen. */
export function zoom(view: View, duration: number, factor: number, at: number): View {
  const length = view.to - view.from;
  const wanted = Math.min(Math.max(1, duration), Math.max(narrowestMS, length * factor));
  const share = length > 0 ? (at - view.from) / length : 0.5;
  return clampView({ from: at - share * wanted, to: at + (1 - share) * wanted }, duration);
}

/** view moved so that the moment at is in it; itself when it is in it already. */
export function follow(view: View, duration: number, at: number): View {
  if (at >= view.from && at <= view.to) return view;
  const length = view.to - view.from;
  const from = at - length * 0.1; // what comes next is of more use than what was
  return clampView({ from, to: from + length }, duration);
}

/**
 * Gathers the marks of the view. Marks, in order of start_ms, whose symbols would touch are one
 * cluster, except where two begin at places that are gap or more apart.
 */
export function clusters<Mark extends Spot>(
  marks: readonly Mark[],
  view: View,
  width: number,
  gap: number,
): Cluster<Mark>[] {
  const found: Cluster<Mark>[] = [];
  for (const mark of marks) {
    if (mark.start_ms > view.to || mark.end_ms < view.from) continue;
    const x = toX(view, width, mark.start_ms);
    const last = found[found.length - 1];
    if (last && x - toX(view, width, last.marks[0]!.start_ms) < gap) {
      last.marks.push(mark);
      last.endX = last.x;
      continue;
    }
    found.push({ marks: [mark], x, endX: toX(view, width, mark.end_ms) });
  }
  return found;
}

/**
 * The mark that the moment is about: of the ranges that hold it the one that began last, else the
 * nearest mark no more than withinMS away; undefined when there is none.
 */
export function nearest<Mark extends Spot>(
  marks: readonly Mark[],
  ms: number,
  withinMS: number,
): Mark | undefined {
  let best: Mark | undefined;
  let bestAway = withinMS;
  for (const mark of marks) {
    const away =
      ms < mark.start_ms ? mark.start_ms - ms : ms > mark.end_ms ? ms - mark.end_ms : 0;
    if (away < bestAway || (away === bestAway && (!best || mark.start_ms >= best.start_ms))) {
      best = mark;
      bestAway = away;
    }
  }
  return best;
}

/** The mark that `[` or `]` goes to from the moment ms: the last before it or the first after. */
export function neighbour<Mark extends Spot>(
  marks: readonly Mark[],
  ms: number,
  direction: -1 | 1,
): Mark | undefined {
  // 250 ms: a seek lands on a frame near the mark, and the next press must not find it again.
  const near = 250;
  if (direction > 0) return marks.find((mark) => mark.start_ms > ms + near);
  return marks.findLast((mark) => mark.start_ms < ms - near);
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000);

/** The moments to write under the timeline, at least apart pixels from each other. */
export function ticks(view: View, width: number, apart: number): number[] {
  const least = ((view.to - view.from) / Math.max(1, width)) * apart;
  const step = steps.find((candidate) => candidate >= least) ?? 7_200_000;
  const found: number[] = [];
  for (let ms = Math.ceil(view.from / step) * step; ms <= view.to; ms += step) found.push(ms);
  return found;
}

/** peaks as one value (0–1) for each of count bars of the view: the loudest of what a bar spans. */
export function bars(
  peaks: ArrayLike<number>,
  peaksPerSecond: number,
  view: View,
  count: number,
): Float32Array {
  const found = new Float32Array(count);
  const perMS = peaksPerSecond / 1000;
  for (let bar = 0; bar < count; bar++) {
    const from = Math.floor(toMS(view, count, bar) * perMS);
    const to = Math.max(from + 1, Math.ceil(toMS(view, count, bar + 1) * perMS));
    let loudest = 0;
    for (let i = Math.max(0, from); i < to && i < peaks.length; i++) {
      loudest = Math.max(loudest, peaks[i]!);
    }
    found[bar] = loudest / 255;
  }
  return found;
}
