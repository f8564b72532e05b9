// How much of the uplink the kept lesson may take while the same lesson is sent live. Live goes
// first: filling the line starves it. So blobs go one at a time, with rests in between that follow
// what the live connection says of itself: half as much when it suffers, a little more when not.

/** What the live connection says: whether the network holds its picture back. */
export interface LiveState {
  suffers: boolean;
}

/** Which part of the time is spent on sending, beside a live connection. */
const share = { first: 0.5, least: 0.05, most: 0.8, more: 0.05 };
/** How many blobs are on their way at once when nothing is live. */
export const atOnce = 3;
const longestRestMS = 60_000;

export class Pace {
  #share = share.first;

  /** How long to rest after a blob that took so many milliseconds. */
  rest(tookMS: number, live: LiveState | null): number {
    if (!live) {
      this.#share = share.first;
      return 0;
    }
    this.#share = live.suffers
      ? Math.max(share.least, this.#share / 2)
      : Math.min(share.most, this.#share + share.more);
    return Math.min(longestRestMS, Math.round(tookMS * (1 / this.#share - 1)));
  }
}
