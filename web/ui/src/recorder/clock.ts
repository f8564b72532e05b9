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
    const running = this.#runningSince === null ? 0 : this.now() - this.#runningSince;
    return Math.max(0, Math.round(this.#base + running));
  }

  get running(): boolean {
    return this.#runningSince !== null;
  }

  /** Starts, or goes on after a pause. Starting a clock that runs changes nothing. */
  start(): void {
    this.#runningSince ??= this.now();
  }

  /** Stops counting: what follows is left out of the timeline. */
  pause(): void {
    this.#base = this.elapsed;
    this.#runningSince = null;
  }
}
