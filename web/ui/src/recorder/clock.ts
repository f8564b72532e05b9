// The clock of a lesson: monotonic time since it began, less the pauses. It is the authority for
// where on the recording's timeline a take lies.

export class LessonClock {
  #base: number;
  #runningSince: number | null = null;

  /** Now is monotonic time in milliseconds. A lesson that is continued begins at elapsed. */
  constructor(
    private readonly now: () => number = () => performance.now(),
    elapsed = 0,
  ) {
    this.#base = elapsed;
  }

  /** Milliseconds taught so far. */
  get elapsed(): number {
    return this.at(this.now());
  }

  /** What it showed, or would show, at a monotonic moment. */
  at(moment: number): number {
    const running = this.#runningSince === null ? 0 : moment - this.#runningSince;
    return Math.max(0, Math.round(this.#base + running));
  }

  /** The monotonic moment at which it would have read 0, had it always run as it runs now; null
   *  while it stands. */
  get zero(): number | null {
    return this.#runningSince === null ? null : this.#runningSince - this.#base;
  }

  get running(): boolean {
    return this.#runningSince !== null;
  }

  /** Starts, or goes on after a pause. Starting a clock that runs changes nothing. */
  start(at: number = this.now()): void {
    this.#runningSince ??= at;
  }

  /** Stops counting: what follows is left out of the timeline. */
  pause(): void {
    this.#base = this.elapsed;
    this.#runningSince = null;
  }
}
