// What the phone's page does, without a screen. A tap is timed by the phone's own monotonic clock:
// the server is told how long ago it was, so that a tap that waits for a connection keeps its place.

import { signal } from "@preact/signals";

import { newID } from "../lib/uuid";

export interface Tap {
  id: string;
  at: number; // monotonic
  /** On the lesson's clock, once the server has said so. */
  lessonMS: number | null;
  state: "waiting" | "marked" | "refused" | "undone";
}

export interface Outside {
  fetch(path: string, init: RequestInit): Promise<Response>;
  now(): number;
}

const browser: Outside = {
  fetch: (path, init) => fetch(path, init),
  now: () => performance.now(),
};

export const undoMS = 10_000;
const retryMS = 2_000;
const lookEveryMS = 15_000;
const answerWithinMS = 10_000;
/** As the server has it. */
const tooOldMS = 10 * 60_000;

export class Phone {
  /** "ready" also while nothing gets through: a tap then waits. */
  readonly state = signal<"ready" | "over" | "broken">("ready");
  readonly away = signal(false);
  /** What the lesson's clock said, and when: null until it is known. */
  readonly clock = signal<{ elapsedMS: number; running: boolean; at: number } | null>(null);
  readonly taps = signal<readonly Tap[]>([]);

  #timers = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(
    readonly recording: string,
    readonly token: string,
    readonly outside: Outside = browser,
  ) {
    if (!token) this.state.value = "broken";
  }

  begin(): void {
    if (this.state.value === "ready") void this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#timers.forEach((timer) => clearTimeout(timer));
  }

  get last(): Tap | undefined {
    return this.taps.value.at(-1);
  }

  /** What the lesson's clock shows now, as far as is known. */
  elapsed(): number | null {
    const clock = this.clock.value;
    if (!clock) return null;
    return clock.elapsedMS + (clock.running ? this.outside.now() - clock.at : 0);
  }

  mark(): void {
    if (this.state.value !== "ready") return;
    const tap: Tap = { id: newID(), at: this.outside.now(), lessonMS: null, state: "waiting" };
    this.taps.value = [...this.taps.value.slice(-20), tap];
    void this.#send(tap);
  }

  /** Takes the last mark back. */
  async undo(): Promise<void> {
    const tap = this.last;
    if (!tap || tap.state === "undone") return;
    this.#change(tap, { state: "undone" });
    await this.#unmark(tap.id);
  }

  async #unmark(id: string): Promise<void> {
    const answer = await this.#ask("DELETE", `moments/${id}`);
    // What has not arrived yet is looked after by #send, which sees that it was undone.
    if (!answer && !this.#closed) this.#after(retryMS, () => void this.#unmark(id));
  }

  async #send(tap: Tap): Promise<void> {
    const ago = Math.round(this.outside.now() - tap.at);
    if (ago > tooOldMS) return this.#change(tap, { state: "refused" });
    const answer = await this.#ask("PUT", `moments/${tap.id}`, { ago_ms: ago });
    const now = this.taps.value.find(({ id }) => id === tap.id);
    if (!answer) {
      if (now?.state === "waiting") this.#after(retryMS, () => void this.#send(tap));
      return;
    }
    if (now?.state === "undone") return void this.#unmark(tap.id); // it came before the undo did
    if (!answer.ok) return this.#change(tap, { state: "refused" });
    const { at_ms } = (await answer.json()) as { at_ms: number };
    this.#change(tap, { state: "marked", lessonMS: at_ms });
  }

  /** Looks at the lesson's clock, and whether there is a lesson still. */
  async #look(): Promise<void> {
    const answer = await this.#ask("GET", "lesson-clock");
    if (answer?.ok) {
      const said = (await answer.json()) as { elapsed_ms: number; running: boolean };
      this.clock.value = { elapsedMS: said.elapsed_ms, running: said.running, at: this.outside.now() };
    }
    if (this.state.value === "ready") this.#after(this.away.value ? retryMS : lookEveryMS, () => void this.#look());
  }

  /** Asks the server; null when it could not be reached, or could not answer just now. */
  async #ask(method: string, rest: string, body?: object): Promise<Response | null> {
    try {
      const answer = await this.outside.fetch(`/api/recordings/${this.recording}/${rest}`, {
        method,
        headers: { Authorization: `Bearer ${this.token}`, ...(body && { "Content-Type": "application/json" }) },
        body: body && JSON.stringify(body),
        credentials: "omit",
        signal: AbortSignal.timeout(answerWithinMS),
      });
      this.away.value = answer.status >= 500;
      if (answer.status === 401 || answer.status === 404 && method === "GET") this.state.value = "over";
      return answer.status >= 500 ? null : answer;
    } catch {
      this.away.value = true;
      return null;
    }
  }

  #change(tap: Tap, changes: Partial<Tap>): void {
    this.taps.value = this.taps.value.map((other) => (other.id === tap.id ? { ...other, ...changes } : other));
  }

  #after(ms: number, act: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}
