// The lesson that this laptop is recording, kept so that a reload or a crash of the tab does not
// lose track of it. It is kept apart for each person: laptops are shared.

export interface Unfinished {
  recording: string;
  title: string;
  /** Who it goes to and what it is about, as the page shows them. */
  people: string[];
  targets: { name: string; hue: number }[];
  /** Milliseconds taught when this was written. */
  elapsed: number;
  /** Wall clock of then, so that what was missed counts too. */
  at: number;
  paused: boolean;
}

const key = (person: string) => `backrow.recording.${person}`;

export class Shelf {
  constructor(private readonly person: string) {}

  keep(unfinished: Unfinished): void {
    try {
      localStorage.setItem(key(this.person), JSON.stringify(unfinished));
    } catch {
      // Storage is off: the server finishes the recording by itself.
    }
  }

  forget(): void {
    try {
      localStorage.removeItem(key(this.person));
    } catch {
      // There was nothing to forget.
    }
  }

  find(): Unfinished | null {
    try {
      const found = JSON.parse(localStorage.getItem(key(this.person)) ?? "null") as Partial<Unfinished> | null;
      if (typeof found?.recording !== "string" || typeof found.elapsed !== "number") return null;
      return { title: "", people: [], targets: [], at: Date.now(), paused: true, ...found } as Unfinished;
    } catch {
      return null;
    }
  }
}

/** Where a lesson that was left behind goes on: the clock ran on unless it was paused. */
export function resumeAt(u: Unfinished, now: number): number {
  return u.paused ? u.elapsed : Math.max(u.elapsed, u.elapsed + now - u.at);
}
