// One lesson at the server: what it is told of it, and asked. It decides nothing; who calls sees to
// it that a call is repeated, and what its failure means.

import { Problem } from "../lib/api";
import type { request } from "../lib/api";

/** How long the server has for an answer. */
export const answerWithin = 15_000;
/** How long it has for one that is asked for every second. */
const glanceWithin = 5000;

export interface Saved {
  /** Where the first hole in what is stored begins, and where the last of it ends. */
  until_ms: number;
  reached_ms?: number;
  live: boolean;
  pending: number;
  problem?: string;
}

/** A lesson's clock, as another laptop may have to go on from it. */
export interface ClockFace {
  readonly elapsed: number;
  readonly running: boolean;
}

export class AtServer {
  #told: boolean | null = null; // whether the clock ran when the server was told of it

  constructor(
    private readonly outside: { request: typeof request },
    /** "" until there is a lesson. */
    public recording = "",
    /** Opens this one recording without a session; "" while there is none. */
    public token = "",
  ) {}

  /** Makes the recording, and with it the token. */
  async create(body: Record<string, unknown>): Promise<{ capture_token?: string }> {
    return this.outside.request<{ capture_token?: string }>("POST", "/api/recordings", {
      body, signal: AbortSignal.timeout(answerWithin),
    });
  }

  /** Asks with the session for another token of a recording that is there. */
  async askToken(): Promise<string> {
    const { token } = await this.outside.request<{ token: string }>("POST", `${this.#path}/capture-token`,
      { signal: AbortSignal.timeout(answerWithin) });
    return token;
  }

  saved(): Promise<Saved> {
    return this.outside.request<Saved>("GET", `${this.#path}/saved`, {
      ...this.#bearer, signal: AbortSignal.timeout(glanceWithin),
    });
  }

  /** Whether nothing can be added to it any more. Not knowing counts as no. */
  async isOver(): Promise<boolean> {
    try {
      const found = await this.outside.request<{ state: string }>("GET", this.#path, {
        signal: AbortSignal.timeout(answerWithin),
      });
      return found.state !== "recording";
    } catch (cause) {
      return cause instanceof Problem && cause.status === 404;
    }
  }

  /** Says that the lesson is over, and how long it was where that is known. */
  async finish(taughtMS: number | undefined, within = answerWithin): Promise<void> {
    await this.outside.request("POST", `${this.#path}/finish`, {
      ...(taughtMS === undefined ? {} : { body: { taught_ms: Math.round(taughtMS) } }),
      ...this.#bearer, signal: AbortSignal.timeout(within),
    });
  }

  /** Says when the clock has begun to run or to stand, once each time. */
  async tellClock({ elapsed: elapsed_ms, running }: ClockFace): Promise<void> {
    if (this.#told === running || !this.token) return;
    this.#told = running;
    await this.outside.request("PUT", `${this.#path}/lesson-clock`, {
      body: { elapsed_ms, running }, signal: AbortSignal.timeout(answerWithin),
    }).catch((cause: unknown) => {
      if (!(cause instanceof Problem) || cause.temporary) this.#told = null;
    });
  }

  get #path(): string {
    return `/api/recordings/${this.recording}`;
  }

  get #bearer(): { token?: string } {
    return this.token ? { token: this.token } : {};
  }
}
