// The lesson that this laptop is recording, kept so that a reload or a crash of the tab does not
// lose track of it.

export interface Unfinished {
  recording: string;
  title: string;
  /** Milliseconds taught when this was written. */
  elapsed: number;
  /** Wall clock of then, so that what was missed counts too. */
  at: number;
  paused: boolean;
}

const key = "backrow.recording";

export function keep(unfinished: Unfinished): void {
  try {
    localStorage.setItem(key, JSON.stringify(unfinished));
  } catch {
    // Storage is off: the server finishes the recording by itself.
  }
}

export function forget(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // There was nothing to forget.
  }
}

export function find(): Unfinished | null {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "null") as Unfinished | null;
    return found && typeof found.recording === "string" && typeof found.elapsed === "number" ? found : null;
  } catch {
    return null;
  }
}

/** Where a lesson that was left behind goes on: the clock ran on unless it was paused. */
export function resumeAt(u: Unfinished, now: number): number {
  return u.paused ? u.elapsed : Math.max(u.elapsed, u.elapsed + now - u.at);
}
