// Feedback that is being written: its moment, which follows the video until it is pinned, and its
// text, which the browser keeps until it has been posted.

import { computed, signal } from "@preact/signals";

import type { Player } from "./player";
import type { Draft, Kind } from "./types";

export interface Moment {
  start_ms: number;
  end_ms: number;
}

type Kept = Pick<Draft, "kind" | "target_area_ids" | "text" | "visibility">;

export class Composition {
  readonly draft = signal<Kept>({ kind: "note", target_area_ids: [], text: "", visibility: "shared" });
  /** Where it is about, once that does not follow the video any more. */
  readonly pinned = signal<Moment | null>(null);
  readonly moment = computed<Moment>(() => {
    const now = Math.round(this.player.now.value);
    return this.pinned.value ?? { start_ms: now, end_ms: now };
  });
  readonly lacksText = signal(false);

  #resume = false;

  constructor(
    readonly player: Player,
    /** Under which name the browser keeps it. */
    readonly name: string,
    readonly pausesWhileTyping: () => boolean,
    /** Takes what has been written. */
    readonly send: (draft: Draft) => void,
    /** Offers to undo a cancel. */
    readonly cancelled: (undo: () => void) => void,
  ) {
    this.#restore();
  }

  change(changes: Partial<Kept>): void {
    this.draft.value = { ...this.draft.value, ...changes };
    this.#keep();
  }

  /** Takes the text of the box. Its first letter pauses the video and pins the moment. */
  type(text: string): void {
    if (text !== "" && !this.pinned.value) this.pinNow();
    if (text !== "" && this.pausesWhileTyping()) this.#pause();
    this.lacksText.value = false;
    this.change({ text });
  }

  toggleArea(id: string): void {
    const { target_area_ids: ids } = this.draft.value;
    const next = ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id];
    if (next.length <= 9) this.change({ target_area_ids: next });
  }

  setKind(kind: Kind): void {
    this.change({ kind });
  }

  /** Is about to be written into: pauses the video until it is posted, and pins the moment. */
  begin(): void {
    this.pinNow();
    this.#pause();
  }

  /** Pins the moment that is on the screen; a range that is being made stays. */
  pinNow(): void {
    if (!this.pinned.value) this.pinAt(Math.round(this.player.now.value));
  }

  pinAt(ms: number): void {
    const end = Math.min(ms, Math.round(this.player.duration.value) || ms);
    const range = this.pinned.value;
    const length = range ? range.end_ms - range.start_ms : 0;
    this.#pin({ start_ms: end, end_ms: end + length });
  }

  setStart(): void {
    const now = Math.round(this.player.now.value);
    const end = this.pinned.value?.end_ms ?? now;
    this.#pin({ start_ms: now, end_ms: Math.max(now, end) });
  }

  setEnd(): void {
    const now = Math.round(this.player.now.value);
    const start = this.pinned.value?.start_ms ?? now;
    this.#pin({ start_ms: Math.min(start, now), end_ms: Math.max(start, now) });
  }

  unpin(): void {
    this.pinned.value = null;
    this.#keep();
  }

  /** Sends what is written, and goes on playing if writing had paused it. False: no text yet. */
  post(): boolean {
    const { text, ...rest } = this.draft.value;
    if (text.trim() === "") {
      this.lacksText.value = true;
      return false;
    }
    this.send({ ...this.moment.value, ...rest, text: text.trim() });
    this.#clear();
    return true;
  }

  /** Drops what is written, with the chance to have it back. */
  cancel(): void {
    const before = { draft: this.draft.value, pinned: this.pinned.value };
    if (before.draft.text.trim() !== "") {
      this.cancelled(() => {
        this.draft.value = before.draft;
        this.pinned.value = before.pinned;
        this.#keep();
      });
    }
    this.#clear();
  }

  /** Has back what was written and refused. */
  takeBack(draft: Draft): void {
    const { start_ms, end_ms, ...kept } = draft;
    this.draft.value = kept;
    this.#pin({ start_ms, end_ms });
  }

  #clear(): void {
    this.pinned.value = null;
    this.lacksText.value = false;
    // The kind stays: who marks strengths marks several.
    this.change({ text: "", target_area_ids: [], visibility: "shared" });
    if (this.#resume) void this.player.play();
    this.#resume = false;
  }

  #pin(moment: Moment): void {
    this.pinned.value = moment;
    this.#keep();
  }

  #pause(): void {
    if (!this.player.playing.peek()) return;
    this.#resume = true;
    this.player.pause();
  }

  #keep(): void {
    const { draft, pinned } = this;
    try {
      if (draft.value.text === "" && !pinned.value) localStorage.removeItem(this.name);
      else {
        localStorage.setItem(
          this.name,
          JSON.stringify({ draft: draft.value, pinned: pinned.value }),
        );
      }
    } catch {
      // No room, or no storage in a private window: it is kept as long as the page.
    }
  }

  #restore(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(this.name) ?? "null") as {
        draft: Kept;
        pinned: Moment | null;
      } | null;
      if (kept) {
        this.draft.value = { ...this.draft.value, ...kept.draft };
        this.pinned.value = kept.pinned;
      }
    } catch {
      // Of another version: nothing that can be used.
    }
  }
}
