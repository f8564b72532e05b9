// What floats over the timeline at the pointer: the still of the moment, its time, and what was
// said there; or that it was not recorded.

import { type ReadonlySignal } from "@preact/signals";

import { span, stamp } from "../lib/clock";
import { t } from "../lib/messages";
import type { Shown } from "./marks";
import type { Room } from "./room";
import { within } from "./spans";
import { placeOf, stillAt } from "./storyboard";

export interface Pointed {
  ms: number;
  x: number;
  /** The marks under the pointer. */
  marks: Shown[];
}

const half = 88; // px: half of what floats, to keep it inside the timeline
const stillWidth = 160; // px, at most: stills are stored larger, for sharp screens and the report
const stillHeight = 120;

export function Hover(props: {
  room: Room;
  pointed: ReadonlySignal<Pointed | null>;
  width: ReadonlySignal<number>;
}) {
  const at = props.pointed.value;
  if (!at) return null;
  const { sheet, stills } = props.room.storyboard.value;
  const missing = props.room.player.gaps.value.some(([from, to]) => at.ms >= from && at.ms < to);
  const still = sheet && !missing ? stillAt(stills, at.ms) : undefined;
  const place =
    still &&
    placeOf(stills, still, Math.min(stillWidth, (stillHeight * still.width) / still.height));
  const left = Math.min(Math.max(half, at.x), Math.max(half, props.width.value - half));
  const [mark] = at.marks;
  return (
    <div class="hover" style={{ left: `${left}px` }} aria-hidden="true">
      {place && (
        <div
          class="hover-still"
          style={{
            width: `${place.width}px`,
            height: `${place.height}px`,
            backgroundImage: `url("${sheet}")`,
            backgroundPosition: `${place.x}px ${place.y}px`,
            backgroundSize: `${place.sheetWidth}px ${place.sheetHeight}px`,
          }}
        />
      )}
      <span class="time">{mark ? span(mark.start_ms, mark.end_ms) : stamp(at.ms)}</span>
      {missing && (
        <span class="hover-text">
          {t(within(props.room.player.expected.value, at.ms) ? "room.not_sent_yet" : "room.not_recorded")}
        </span>
      )}
      {at.marks.length > 1 && (
        <span class="hover-text">{t("room.marks_here", { count: at.marks.length })}</span>
      )}
      {mark && at.marks.length === 1 && <span class="hover-text">{mark.text}</span>}
    </div>
  );
}
