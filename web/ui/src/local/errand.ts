// One kept lesson's way to the server: made there if it was begun without it, each take begun, its
// blobs sent, its end told, the lesson finished; and let go of here when the server has confirmed
// that it has everything. Any step may be taken again by another page after this one has died.

import { Problem, request } from "../lib/api";
import { backoff } from "../lib/backoff";
import { atOnce, Pace } from "./pace";
import type { LiveState } from "./pace";
import { headerBytes } from "./records";
import { register } from "./registration";
import type { KeptLesson, KeptTake } from "./types";
import { Busy, Upload } from "./upload";
import type { Fetch } from "./upload";
import type { Keeper } from "./vault";

export interface ErrandOutside {
  vault: Keeper;
  /** Requests with the session of whoever is signed in. */
  request: typeof request;
  fetch: Fetch;
  /** What the live connection of the lesson being recorded says; null when nothing is live. */
  live(): LiveState | null;
  pass(ms: number): Promise<void>;
  now(): number; // monotonic
  date(): number;
}

export type ErrandState = "sending" | "waiting" | "signed_out" | "refused" | "sent";

/** How often what has been sent is noted here: so much is asked for again after a crash. */
const noteEveryMS = 5000;
/** A lesson whose page is gone for as long is over; until then it may be gone on with. */
const abandonedMS = 60 * 60_000;
/** When the server is asked again: who is signed in, whether all is in its final form. */
const askAgain = { signedOut: 30_000, complete: 10_000, longest: 60_000 };

/** How far a take has come. */
interface Progress {
  ended: boolean;
  stored: Set<number>; // those beyond `through`
  through: number;
  bytes: number; // of all that is stored, as they lie here
  notedAt: number;
  looks: number; // how often the server said that it is not complete yet
}

export class Errand {
  state: ErrandState = "waiting";
  sentence = "";
  /** When it is to be gone on with, on the monotonic clock. */
  due = 0;
  lesson: KeptLesson;
  /** A tab records it just now: it goes on growing. */
  alive = false;
  /** There is something new of it since it was last looked at. */
  grew = false;
  gone = false;
  busy = false;
  bytesPerSecond = 0;

  #takes = new Map<string, Progress>();
  #attempt = 0;
  #pace = new Pace();
  #stop = false;

  constructor(lesson: KeptLesson, private readonly outside: ErrandOutside, private readonly told: () => void) {
    this.lesson = lesson;
  }

  /** How many bytes of it the server has not confirmed. */
  get bytesLeft(): number {
    return this.lesson.takes.reduce((sum, take) => sum + this.#left(take), 0);
  }

  /** Up to where on the lesson's clock all that is here has been confirmed: where the first take of
   *  which something is left has come to, judged by its bytes. */
  get safeUntilMS(): number {
    let until = 0;
    for (const take of this.lesson.takes) {
      const left = this.#left(take);
      const all = take.bytes + (take.spared ?? 0);
      if (left > 0) return take.offsetMS + take.reachesMS * (1 - left / all);
      until = Math.max(until, take.offsetMS + take.reachesMS);
    }
    return until;
  }

  get lengthMS(): number {
    const { taughtMS, takes } = this.lesson;
    return Math.max(taughtMS, ...takes.map((take) => take.offsetMS + take.reachesMS), 0);
  }

  /** Ends what is under way, as soon as may be. */
  stop(): void {
    this.#stop = true;
  }

  /** Goes as far as it can now. */
  async run(): Promise<void> {
    this.#stop = false;
    this.grew = false;
    this.busy = true;
    try {
      const complete = await this.#work();
      this.#attempt = 0;
      this.sentence = "";
      if (!this.#stop) this.#rest(complete);
    } catch (cause) {
      if (this.#stop) return;
      await this.#failed(cause).catch((again: unknown) => this.#later(again));
    } finally {
      this.busy = false;
      this.told();
    }
  }

  /** What is to be done next, and when. */
  #rest(complete: boolean): void {
    this.state = this.bytesLeft === 0 && this.lesson.finished ? "sent" : "sending";
    if (this.grew) this.due = 0;
    else if (this.alive) this.due = Infinity; // until it grows
    else if (complete) this.due = this.outside.now() + abandonedMS; // until it is stopped, or for good
    else {
      const looks = Math.max(0, ...[...this.#takes.values()].map((take) => take.looks));
      this.due = this.outside.now() + Math.min(askAgain.longest, askAgain.complete * Math.max(1, looks));
    }
  }

  /** Does all that can be done; says whether the server has every take in its final form. */
  async #work(): Promise<boolean> {
    const { vault } = this.outside;
    if (!(await this.#look())) return true;
    if (this.#empty) {
      await this.#letGo();
      return true;
    }
    if (!this.alive) await this.#tidy();
    if (!this.lesson.registered && this.alive) return false; // the page that records it does that
    if (!this.lesson.registered) await this.#register();
    const upload = new Upload(this.lesson, this.outside.fetch);
    for (const take of this.lesson.takes) if (!take.confirmed && !isEmpty(take)) await this.#begin(upload, take);
    if (this.lesson.taughtMS >= 0 && !this.lesson.finished) {
      await upload.finish(this.lesson.taughtMS);
      await vault.change(this.lesson.recording, { finished: true });
    }
    if (this.lesson.refused) await vault.change(this.lesson.recording, { refused: null });
    let complete = true;
    for (const { id } of this.lesson.takes) {
      if (!(await this.#take(upload, id))) complete = false;
      if (this.#stop) return false;
    }
    if (complete && !this.alive && (await this.#look()) && this.lesson.finished) await this.#letGo();
    return complete;
  }

  /** Nothing was recorded here, and the server never heard of it, or has it of another route or
   *  laptop and ends it by itself. */
  get #empty(): boolean {
    const { takes, registered, taughtMS, startedAt } = this.lesson;
    if (this.alive || takes.length > 0) return false;
    return !registered || (taughtMS < 0 && Date.parse(startedAt) + abandonedMS < this.outside.date());
  }

  /** Reads what is known of it here again. */
  async #look(): Promise<boolean> {
    const lesson = await this.outside.vault.lesson(this.lesson.recording);
    if (lesson) this.lesson = lesson;
    this.gone = !lesson;
    this.told();
    return lesson !== null;
  }

  async #letGo(): Promise<void> {
    await this.outside.vault.discard(this.lesson.recording);
    this.gone = true;
  }

  /** A page that is gone has not said where its takes end, nor perhaps that the lesson is over. */
  async #tidy(): Promise<void> {
    const { vault } = this.outside;
    const { recording } = this.lesson;
    for (const take of this.lesson.takes) if (!take.ended) await vault.close(recording, take.id, "crash");
    const last = Math.max(0, ...this.lesson.takes.map((take) => Date.parse(take.startedAt) + take.reachesMS));
    if (this.lesson.taughtMS < 0 && last > 0 && last + abandonedMS < this.outside.date()) {
      await vault.change(recording, { taughtMS: Math.round(this.lengthMS) });
    }
    await this.#look();
  }

  /** Makes the recording on the server, as its own person and no other. */
  async #register(): Promise<void> {
    await this.#asOwner();
    const { request, date } = this.outside;
    const made = await register((body) => request("POST", "/api/recordings", { body }), this.lesson, date());
    await this.#known(made.token, made.without);
  }

  async #renew(): Promise<void> {
    await this.#asOwner();
    const made = await this.outside.request<{ token: string }>(
      "POST", `/api/recordings/${this.lesson.recording}/capture-token`);
    await this.#known(made.token);
  }

  async #known(token: string, without?: string): Promise<void> {
    await this.outside.vault.change(this.lesson.recording, {
      registered: true, token, ...(without ? { without } : {}),
    });
    await this.#look();
  }

  /** Whoever is signed in on a shared laptop may be somebody else. */
  async #asOwner(): Promise<void> {
    const me = await this.outside.request<{ id: string }>("GET", "/api/me");
    if (me.id !== this.lesson.person) throw new Problem(401, "");
  }

  async #begin(upload: Upload, take: KeptTake): Promise<Progress> {
    let progress = this.#takes.get(take.id);
    if (progress) return progress;
    await upload.begin(take);
    const { have, bytes } = await upload.have(take.id);
    progress = { ended: false, stored: new Set(), through: 0, bytes: 0, notedAt: 0, looks: 0 };
    for (const [first, last] of have) for (let n = first; n <= last; n++) store(progress, n, 0);
    progress.bytes = bytes + have.reduce((sum, [first, last]) => sum + (last - first + 1) * headerBytes, 0);
    this.#takes.set(take.id, progress);
    return progress;
  }

  /** Sends what the server lacks of a take. True says that it has all of it, in its final form. */
  async #take(upload: Upload, id: string): Promise<boolean> {
    let take = this.#find(id);
    if (!take || take.confirmed) return true;
    const progress = isEmpty(take) ? null : await this.#begin(upload, take);
    while (progress && progress.through < take.blobs) {
      await this.#blobs(upload, take, progress);
      await this.#noteSent(take, progress);
      if (this.#stop || !(await this.#look())) return false;
      take = this.#find(id) ?? take; // it may have grown
    }
    if (!take.ended) return false;
    if (progress) {
      if (!progress.ended) await upload.end(take);
      progress.ended = true;
      progress.looks++;
      if (!(await upload.have(id)).complete) return false;
    }
    await this.outside.vault.note(this.lesson.recording, { id, confirmed: true });
    return true;
  }

  /** Sends the blobs that are kept of a take by now: one at a time where the lesson is live. */
  async #blobs(upload: Upload, take: KeptTake, progress: Progress): Promise<void> {
    const over = new AbortController();
    // The first says what the others are of.
    if (progress.through === 0) await this.#blob(upload, take, progress, 1, over.signal);
    let next = progress.through + 1;
    const lane = async (n: number) => {
      for (; !this.#stop && next <= take.blobs; ) {
        if (n > 0 && this.outside.live()) return;
        const number = next++;
        if (!progress.stored.has(number)) await this.#blob(upload, take, progress, number, over.signal);
      }
    };
    const lanes = Array.from({ length: atOnce }, (_, n) => lane(n));
    try {
      await Promise.all(lanes);
    } finally {
      over.abort();
      await Promise.allSettled(lanes);
    }
  }

  async #blob(
    upload: Upload, take: KeptTake, progress: Progress, number: number, signal: AbortSignal,
  ): Promise<void> {
    const kept = await this.outside.vault.read(this.lesson.recording, take.id, number);
    if (!kept) throw new Unreadable();
    const began = this.outside.now();
    const { byteLength } = kept.bytes;
    await upload.put(take.id, number, kept, signal);
    const took = Math.max(1, this.outside.now() - began);
    const rate = (byteLength / took) * 1000 * (this.outside.live() ? 1 : atOnce);
    this.bytesPerSecond = this.bytesPerSecond ? this.bytesPerSecond * 0.8 + rate * 0.2 : rate;
    store(progress, number, byteLength + headerBytes);
    this.state = "sending";
    this.sentence = "";
    if (this.outside.now() - progress.notedAt > noteEveryMS) await this.#noteSent(take, progress);
    this.told();
    const rest = this.#pace.rest(took, this.outside.live());
    if (rest > 0 && !this.#stop) await this.outside.pass(rest);
  }

  async #noteSent(take: KeptTake, progress: Progress): Promise<void> {
    progress.notedAt = this.outside.now();
    const sent = { through: progress.through, bytes: progress.bytes };
    await this.outside.vault.note(this.lesson.recording, { id: take.id, sent });
  }

  #find(id: string): KeptTake | undefined {
    return this.lesson.takes.find((take) => take.id === id);
  }

  #left(take: KeptTake): number {
    if (take.confirmed) return 0;
    const sent = this.#takes.get(take.id)?.bytes ?? take.sent?.bytes ?? 0;
    return Math.max(0, take.bytes + (take.spared ?? 0) - sent);
  }

  async #failed(cause: unknown): Promise<void> {
    this.sentence = cause instanceof Problem ? cause.detail : "";
    const status = cause instanceof Problem ? cause.status : cause instanceof Unreadable ? -1 : 0;
    if (status === 401) return this.#unauthorised();
    if (status === 0 || status === 408 || status === 429 || status >= 500) return this.#later(cause);
    this.state = "refused";
    this.due = Infinity; // the next page tries it once more
    await this.outside.vault.change(this.lesson.recording, { refused: { status, sentence: this.sentence } });
    await this.#look();
  }

  /** The token is no longer good, or there is none yet: the session may bring one. */
  async #unauthorised(): Promise<void> {
    try {
      if (this.lesson.registered) await this.#renew();
      this.due = this.outside.now() + (this.lesson.registered ? backoff(this.#attempt++) : askAgain.signedOut);
      if (!this.lesson.registered) this.state = "signed_out";
    } catch (cause) {
      if (!(cause instanceof Problem) || cause.temporary) return this.#later(cause);
      this.state = "signed_out";
      this.due = this.outside.now() + askAgain.signedOut;
    }
  }

  #later(cause: unknown): void {
    this.state = "waiting";
    const wait = cause instanceof Busy ? cause.afterMS * (1 + Math.random() / 4) : backoff(this.#attempt++);
    this.due = this.outside.now() + wait;
  }
}

/** A blob that should be here cannot be read: the take cannot be sent whole. */
class Unreadable extends Error {}

/** A take that ended before it brought anything. */
function isEmpty(take: KeptTake): boolean {
  return take.blobs === 0 && take.ended !== undefined;
}

/** Notes that a blob is stored. */
function store(progress: Progress, number: number, bytes: number): void {
  progress.stored.add(number);
  progress.bytes += bytes;
  while (progress.stored.delete(progress.through + 1)) progress.through++;
}
