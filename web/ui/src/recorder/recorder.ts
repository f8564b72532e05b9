// A lesson being recorded, without a screen: what phase it is in and what is safe. The clock and
// the recording are its own; devices are Inputs', what is kept on this laptop is LocalRoute's and
// Sender's, connections are LiveRoute's.

import { batch, effect, signal } from "@preact/signals";

import { Problem, request } from "../lib/api";
import { backoff } from "../lib/backoff";
import { newID } from "../lib/uuid";
import { keepForGood } from "../local/disk";
import { LocalRoute, localOutside } from "../local/local-route";
import type { LocalLesson, LocalOutside } from "../local/local-route";
import { hold, lockOf } from "../local/locks";
import { register } from "../local/registration";
import { Sender } from "../local/sender";
import type { Sending } from "../local/sender";
import type { KeptLesson } from "../local/types";
import { openVault } from "../local/vault";
import type { Keeper } from "../local/vault";
import { AtServer } from "./at-server";
import type { Saved } from "./at-server";
import { LessonClock } from "./clock";
import { Inputs } from "./inputs";
import { goesOnElsewhere, joined } from "./joining";
import type { Elsewhere } from "./joining";
import { LiveRoute } from "./route";
import type { Lesson, Take } from "./route";
import { Screen, secondPicture } from "./screen";
import type { SecondPicture } from "./screen";
import { claim, free, taken } from "./tab";
import type { Gap, Refusal, Target } from "./types";
import { resumeAt, Shelf } from "./unfinished";
import type { Unfinished } from "./unfinished";
import { modest, WhipError, WhipSession, whole } from "./whip";
import type { Size } from "./whip";

export type Phase =
  | "before"
  | "elsewhere" // another tab is recording
  | "starting"
  | "recording"
  | "paused"
  | "stopping"
  | "kept" // over, and safe on this laptop; the server has not heard of the end yet
  | "over"
  | "ended"; // not by this page: stopped on another device, or left alone for too long

export interface Details {
  programID: string;
  title: string;
  className: string;
  targets: Target[];
  people: { id: string; name: string }[];
}

/** Who records. */
export interface Me {
  id: string;
  name: string;
}

/** What a recorder needs beyond itself; tests give others. */
export interface Outside {
  me: Me;
  inputs: Inputs;
  shelf: Shelf;
  request: typeof request;
  publish(endpoint: () => string, stream: MediaStream, how: { size: Size; token: string }): Promise<Take>;
  /** The lock that only one tab has. */
  tab: { claim: typeof claim; free: typeof free; taken: typeof taken };
  /** Keeps lessons on this laptop; null where the browser does not. */
  vault(): Promise<Keeper | null>;
  local(vault: Keeper): LocalOutside;
  sender: Pick<Sender, "lessons" | "start" | "stop" | "hurry" | "live">;
  hold: typeof hold;
  second: SecondPicture;
  now(): number;
  /** The wall clock's time at monotonic time 0. */
  origin: number;
}

export function outside(me: Me): Outside {
  return {
    me, inputs: new Inputs(), shelf: new Shelf(me.id), request, tab: { claim, free, taken },
    publish: (endpoint, stream, how) => WhipSession.publish(endpoint, stream, how),
    vault: openVault, local: localOutside, sender: new Sender(), hold, second: secondPicture,
    now: () => performance.now(), origin: performance.timeOrigin,
  };
}

const lookEvery = 1000;
/** How long the end of a lesson waits for the server when it is safe here anyway. */
const finishWithin = 4000;
/** Encoder and pacer hold a frame or two; what they hold goes out within this after the camera stops. */
const lastFrames = 200;
/** A shorter interruption is not worth telling of: nothing that was said is lost in it. */
const noticeable = 1500;
/** How long a sign-in is waited for before it is looked for again. */
const signInEvery = 4000;

export class Recorder implements Lesson, LocalLesson {
  readonly phase = signal<Phase>("before");
  /** What is in the way; null when nothing is. */
  readonly refusal = signal<Refusal | null>(null);
  /** The server will not have this lesson, in its own words: it stays on this laptop. */
  readonly declined = signal("");
  /** What the server did not take with it, as whom it was to go to, in its own words. */
  readonly without = signal("");
  readonly signedOut = signal(false);
  readonly elapsed = signal(0);
  readonly savedUntil = signal(0);
  /** Whether all that the server received is stored. */
  readonly settled = signal(true);
  /** Where what is being sent just now begins. */
  readonly sentFrom = signal(0);
  readonly gaps = signal<readonly Gap[]>([]);
  /** The lesson under way, or the one that was left behind. */
  readonly lesson = signal<Unfinished | null>(null);
  readonly left = signal(false);
  /** Of the lesson that was left behind, whatever the server lacks is here. */
  readonly leftKept = signal(false);
  /** A lesson of one's own that another laptop records. */
  readonly elsewhere = signal<Elsewhere | null>(null);
  /** How what is kept here of this lesson gets on. */
  readonly sending = signal<Sending | null>(null);
  /** Whether the server has answered lately. */
  readonly reached = signal(false);
  readonly local = signal<LocalRoute | null>(null);
  /** Whether lessons can be kept on this laptop; null until that is known. */
  readonly keeps = signal<boolean | null>(null);
  readonly inputs: Inputs;
  readonly route: LiveRoute;
  readonly screen: Screen;

  #clock: LessonClock;
  #sentKinds = ""; // of which the present live take is
  #begun = false; // something of it was sent: from then on the clock counts
  #interrupted: number | null = null; // the end of a gap whose beginning is not known yet
  #server: AtServer;
  #vault: Keeper | null = null;
  #second: LocalRoute | null = null;
  #release: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #undo: () => void;

  constructor(private readonly outside: Outside) {
    this.inputs = outside.inputs;
    this.route = new LiveRoute(this);
    this.screen = new Screen(() => this.#second, outside.second);
    this.inputs.replaced = (track) => this.route.replace(track);
    this.inputs.changed = () => this.#devicesChanged();
    this.#clock = new LessonClock(outside.now);
    this.#server = new AtServer(outside);
    this.outside.sender.live = () => (this.route.link.value === "connected" ? { suffers: this.route.suffers } : null);
    this.#undo = effect(() => {
      const found = outside.sender.lessons.value.find((each) => each.recording === this.#server.recording) ?? null;
      if (found) this.#sent(found);
    });
  }

  get recording(): string {
    return this.#server.recording;
  }

  /** Opens the devices and looks for a lesson that was left behind. */
  async open(): Promise<void> {
    while (await this.outside.tab.taken()) {
      this.phase.value = "elsewhere";
      await this.outside.tab.free();
    }
    if (this.phase.value === "elsewhere") this.phase.value = "before";
    void this.inputs.open();
    this.#vault = await this.outside.vault();
    this.keeps.value = this.#vault !== null;
    this.outside.sender.start();
    const found = this.outside.shelf.find();
    if (found) await this.#lookAfter(found);
    if (!this.left.value) await this.#lookElsewhere();
  }

  async #lookElsewhere(): Promise<void> {
    const { request } = this.outside;
    const isHere = async (recording: string) => (await this.#kept(recording)) !== null;
    const found = await goesOnElsewhere(request, isHere, Date.now());
    if (this.phase.value === "before") this.elsewhere.value = found;
  }

  /** A lesson that has been saved meanwhile is nothing to go on with. */
  async #lookAfter(found: Unfinished): Promise<void> {
    const kept = await this.#kept(found.recording);
    const server = new AtServer(this.outside, found.recording, kept?.token);
    const over = kept && kept.taughtMS >= 0;
    if (over || ((kept?.registered ?? true) && (await server.isOver()))) {
      return this.outside.shelf.forget();
    }
    if (this.phase.value !== "before") return;
    batch(() => {
      this.lesson.value = found;
      this.left.value = true;
      this.#server.token = server.token;
      this.leftKept.value = kept !== null;
    });
    const saved = kept?.registered === false ? null : await server.saved().catch(() => null);
    if (saved) this.savedUntil.value = saved.until_ms;
  }

  async #kept(recording: string): Promise<KeptLesson | null> {
    return (await this.#vault?.lesson(recording).catch(() => null)) ?? null;
  }

  /** Begins a recording. It begins on this laptop at once, whatever the server says; where nothing
   *  can be kept it begins when the server has answered, and when that refuses, the page is as
   *  before and refusal says why. */
  async start(details: Details): Promise<void> {
    if (this.phase.value !== "before" || this.inputs.state.value !== "ready") return;
    this.phase.value = "starting";
    this.refusal.value = null;
    this.#server.recording ||= newID(); // a start whose answer was lost is the same recording again
    if (!(await this.#claim())) return;
    const create = {
      id: this.#server.recording,
      program_id: details.programID,
      title: details.title,
      class: details.className,
      target_area_ids: details.targets.map((target) => target.id),
      share_with: details.people.map((person) => person.id),
    };
    const startedAt = new Date().toISOString();
    const kept = await this.#keep(details, create, startedAt);
    if (!kept && !(await this.#create(create))) return;
    this.lesson.value = {
      recording: this.#server.recording, title: details.title, elapsed: 0, at: 0, paused: false,
      people: details.people.map((person) => person.name),
      targets: details.targets.map(({ name, hue }) => ({ name, hue })),
    };
    this.#run();
    if (kept) void this.#register({ create, startedAt });
    else this.route.open();
  }

  /** Makes a place for the lesson on this laptop; false where there can be none. */
  async #keep(details: Details, create: Record<string, unknown>, startedAt: string): Promise<boolean> {
    await this.#hold();
    const began = await this.#beginKeeping({
      recording: this.#server.recording, title: details.title, startedAt, create, registered: false,
    });
    if (began && this.#vault) await this.#openLocal(this.#vault);
    return began;
  }

  /** Says that this page records the lesson, before there is anything of it for a sender to tidy. */
  async #hold(): Promise<void> {
    this.#release.push(await this.outside.hold(lockOf(this.#server.recording)));
  }

  async #beginKeeping(
    facts: Pick<KeptLesson, "recording" | "title" | "startedAt" | "create" | "registered">,
  ): Promise<boolean> {
    if (!this.#vault) return false;
    void keepForGood();
    const { id: person, name: personName } = this.outside.me;
    try {
      await this.#vault.begin({
        ...facts, person, personName, token: "", taughtMS: -1, finished: false, takes: [],
      });
      return true;
    } catch {
      return false; // the disk is full, or the browser has taken the folder away
    }
  }

  async #openLocal(vault: Keeper): Promise<void> {
    this.#second = new LocalRoute(this, this.outside.local(vault), "screen");
    const local = new LocalRoute(this, this.outside.local(vault));
    this.local.value = local;
    this.#release.push(effect(() => {
      const alone = local.state.value === "full" || local.state.value === "failed";
      // Alone, the live picture is the best copy that there will be, and the clock is its own.
      this.route.resize(alone ? whole : modest);
      if (alone && this.route.link.peek() === "connected" && this.phase.peek() === "recording") this.#clock.start();
    }));
    this.outside.sender.start({ steal: true });
    const stream = this.stream();
    if (stream) local.open(stream);
  }

  /** Makes the recording on the server before it begins. */
  async #create(create: Record<string, unknown>): Promise<boolean> {
    try {
      this.#server.token = (await this.#server.create(create)).capture_token ?? "";
      this.reached.value = true;
      return true;
    } catch (cause) {
      const status = this.#fails(cause);
      if (status >= 400 && status < 500) this.#server.recording = ""; // nothing was made
      this.#letGo();
      this.phase.value = "before";
      return false;
    }
  }

  /** Makes the recording on the server while it goes on here, however long that takes; one that is
   *  there already only has to let this laptop send. */
  async #register(lesson: Pick<KeptLesson, "create" | "startedAt"> | null): Promise<void> {
    const recording = this.#server.recording;
    for (let attempt = 0; this.#going; attempt++) {
      try {
        const { token, without } = lesson
          ? await register((body) => this.#server.create(body), lesson, Date.now())
          : { token: await this.#server.askToken(), without: "" };
        this.reached.value = true;
        this.#server.token = token;
        this.without.value = without;
        this.refusal.value = null;
        this.signedOut.value = false;
        await this.#vault?.change(recording, { registered: true, token, ...(without ? { without } : {}) });
        if (this.phase.value === "recording") this.route.open();
        return;
      } catch (cause) {
        const status = this.#fails(cause);
        if (status >= 400 && status < 500 && ![401, 408, 429].includes(status)) {
          this.declined.value = cause instanceof Problem ? cause.detail : "";
          await this.#vault?.change(recording, { refused: { status, sentence: this.declined.value } });
          return;
        }
        await pass(status === 401 ? signInEvery : backoff(attempt));
      }
    }
  }

  get #going(): boolean {
    return this.phase.value === "recording" || this.phase.value === "paused";
  }

  /** Goes on here with a lesson that another laptop records, or did. Both may: what each of them
   *  has is one recording. */
  async join(): Promise<void> {
    const found = this.elsewhere.value;
    if (!found || this.phase.value !== "before" || this.inputs.state.value !== "ready") return;
    this.phase.value = "starting";
    await this.#goOnWith(await joined(this.outside.request, found, () => Date.now()));
  }

  /** Goes on with a lesson that was left behind by a reload or a crash. */
  async continue(): Promise<void> {
    const found = this.lesson.value;
    if (!found || !this.left.value || this.phase.value !== "before") return;
    this.phase.value = "starting";
    await this.#goOnWith(found);
  }

  async #goOnWith(found: Unfinished): Promise<void> {
    if (!(await this.#claim())) return;
    this.#server.recording = found.recording;
    this.lesson.value = found;
    await this.#hold();
    const kept = (await this.#kept(found.recording)) ?? (await this.#keepToo(found));
    this.#clock = new LessonClock(this.outside.now, resumeAt(found, Date.now()));
    this.#clock.start();
    this.#begun = true;
    this.left.value = false;
    if (kept && this.#vault) await this.#goOn(kept, this.#vault, found.paused);
    this.#run();
    if (kept && !kept.token) void this.#register(kept.registered ? null : kept);
    else this.route.open(!found.paused);
  }

  /** Makes a place on this laptop for a lesson that the server has; null where there can be none. */
  async #keepToo({ recording, title, elapsed }: Unfinished): Promise<KeptLesson | null> {
    const startedAt = new Date(Date.now() - elapsed).toISOString();
    const began = await this.#beginKeeping({ recording, title, startedAt, create: {}, registered: true });
    return began ? this.#kept(recording) : null;
  }

  /** What the page that is gone did not say is said now; what follows is a take of its own. */
  async #goOn(kept: KeptLesson, vault: Keeper, paused: boolean): Promise<void> {
    this.#server.token = kept.token;
    this.without.value = kept.without ?? "";
    for (const take of kept.takes) {
      if (!take.ended) await vault.close(kept.recording, take.id, "reload").catch(() => undefined);
    }
    const gap = { from: reach(kept), to: this.#clock.elapsed };
    const here = kept.takes.length > 0; // what another laptop has of it is not known
    if (here && !paused && gap.to - gap.from > noticeable) this.gaps.value = [gap];
    await this.#openLocal(vault);
  }

  #run(): void {
    this.phase.value = "recording";
    this.#remember();
    this.#timer = setTimeout(() => void this.#tick(), lookEvery);
  }

  pause(): void {
    if (this.phase.value !== "recording") return;
    this.#clock.pause();
    this.phase.value = "paused";
    this.settled.value = false;
    this.#remember();
    void this.local.value?.close("paused");
    void this.screen.pause();
    void this.route.close();
  }

  resume(): void {
    if (this.phase.value !== "paused") return;
    const stream = this.stream();
    const local = this.local.value;
    // The clock goes on with the first frame that is kept; where nothing is kept, now.
    if (local && stream) local.open(stream);
    else if (this.#begun) this.#clock.start();
    this.screen.resume();
    this.phase.value = "recording";
    this.#remember();
    if (!this.declined.value && (this.#server.token || !local)) this.route.open();
  }

  /** Ends the lesson and resolves to the address of its page. What is kept here of it is sent on
   *  from there. Where the server does not answer, null, when it is safe here; else it is asked for
   *  as long as it takes. */
  async stop(): Promise<string | null> {
    const before = this.phase.value;
    if (before !== "recording" && before !== "paused") return null;
    this.phase.value = "stopping";
    this.refusal.value = null;
    this.#clock.pause();
    this.readClock();
    this.#remember();
    if (this.local.value) {
      void this.route.close(); // the last of it comes by the other route
      await Promise.all([this.local.value.close("stopped"), this.screen.remove()]);
    }
    this.inputs.close();
    if (before === "recording" && !this.local.value) await pass(lastFrames);
    return this.#finish(this.#clock.elapsed);
  }

  /** Ends a lesson that was left behind, without going on with it. */
  async stopLeft(): Promise<string | null> {
    const found = this.lesson.value;
    if (!found || !this.left.value || this.phase.value !== "before") return null;
    this.#server.recording = found.recording;
    this.phase.value = "stopping";
    const kept = await this.#kept(found.recording);
    return this.#finish(kept ? reach(kept) : undefined, kept);
  }

  /** Leaves a lesson as it is for another one. The server is told that it is over; if it does not
   *  hear, it finishes the lesson by itself. */
  dismissLeft(): void {
    const found = this.lesson.value;
    if (!found || !this.left.value) return;
    void this.#leaveLeft(new AtServer(this.outside, found.recording, this.#server.token));
    this.outside.shelf.forget();
    this.#server.token = "";
    batch(() => {
      this.left.value = false;
      this.lesson.value = null;
      this.savedUntil.value = 0;
      this.refusal.value = null;
    });
  }

  async #leaveLeft(server: AtServer): Promise<void> {
    const kept = await this.#kept(server.recording);
    if (kept) await this.#vault?.change(server.recording, { taughtMS: reach(kept) });
    else await server.finish(undefined).catch(() => undefined);
  }

  async #finish(taughtMS?: number, found?: KeptLesson | null): Promise<string | null> {
    const recording = this.#server.recording;
    const kept = found ?? (await this.#kept(recording));
    if (kept) await this.#vault?.change(recording, { taughtMS: taughtMS ?? reach(kept) });
    const known = !kept || kept.registered;
    for (let attempt = 0; ; attempt++) {
      try {
        if (!known) throw new Problem(0, "");
        await this.#server.finish(taughtMS, kept ? finishWithin : undefined);
        await this.#vault?.change(recording, { finished: true }).catch(() => undefined);
        break;
      } catch (cause) {
        if (this.#fails(cause) === 404) break; // it was deleted meanwhile: nothing is to be finished
        if (kept) return this.#keptHere();
        await pass(backoff(attempt));
      }
    }
    this.phase.value = "over";
    this.outside.shelf.forget();
    this.close();
    return `/recordings/${recording}`;
  }

  /** The lesson is over and safe here; the rest is the sender's. */
  #keptHere(): null {
    this.phase.value = "kept";
    this.outside.shelf.forget();
    this.#letGo();
    this.#quiet();
    this.outside.sender.hurry();
    return null;
  }

  // What LiveRoute and LocalRoute ask and tell.

  stream(): MediaStream | null {
    return this.inputs.stream.value;
  }

  publish(stream: MediaStream): Promise<Take> {
    const take = `/api/recordings/${this.#server.recording}/takes/${newID()}/whip`;
    this.#sentKinds = kindsOf(stream);
    const local = this.local.value?.state.value;
    return this.outside.publish(() => {
      const zero = this.#clock.zero;
      const wall = zero === null ? "" : `&zero_unix_ms=${(this.outside.origin + zero).toFixed(3)}`;
      return `${take}?offset_ms=${this.#clock.elapsed}${wall}`;
    }, stream, {
      size: local === "recording" || local === "starting" ? modest : whole, token: this.#server.token,
    });
  }

  async refused(cause: unknown): Promise<boolean> {
    const reached = this.reached.value;
    const status = this.#fails(cause);
    // A network that lets no live picture through may let everything else.
    if (this.local.value) this.reached.value = reached;
    if (status !== 404 && status !== 409) return false;
    if (!(await this.#server.isOver()) || this.phase.value !== "recording") return false;
    // A server that heard nothing for long has finished the lesson; here it goes on all the same.
    if (this.local.value?.state.value === "recording") return true;
    this.phase.value = "ended";
    this.#clock.pause();
    this.outside.shelf.forget();
    this.close();
    return true;
  }

  connected(again: boolean): void {
    if (this.phase.value !== "recording") return;
    this.refusal.value = null;
    const local = this.local.value?.state.value;
    if (again && this.#begun && local !== "recording") this.#interrupted = this.#clock.elapsed;
    this.#begun = true;
    this.sentFrom.value = this.#clock.elapsed;
    // The timeline begins with the first picture that is kept or sent.
    if (local !== "starting") this.#clock.start();
    this.#remember();
  }

  clockAt(moment: number): number {
    return this.#clock.at(moment);
  }

  begins(moment: number): void {
    if (this.phase.value !== "recording" && this.phase.value !== "starting") return;
    this.#begun = true;
    this.#clock.start(moment);
    this.#remember();
  }

  #devicesChanged(): void {
    const stream = this.stream();
    if (this.phase.value !== "recording" || !stream) return;
    this.local.value?.open(stream, "device");
    if (this.#sentKinds && kindsOf(stream) !== this.#sentKinds) this.route.again();
  }

  /** The picture has another size: a phone was turned. */
  turned(): void {
    this.local.value?.look();
    this.#second?.look();
  }

  async #tick(): Promise<void> {
    if (!this.#going) return;
    this.#remember();
    this.local.value?.look();
    void this.route.look();
    if (!this.local.value || this.#server.token) await this.#lookSaved();
    if (this.reached.value) void this.#server.tellClock(this.#clock);
    if (this.#going) this.#timer = setTimeout(() => void this.#tick(), lookEvery);
  }

  async #lookSaved(): Promise<void> {
    try {
      const saved = await this.#server.saved();
      if (!this.#going) return;
      this.signedOut.value = false;
      this.reached.value = true;
      this.#see(saved);
    } catch (cause) {
      const status = cause instanceof Problem ? cause.status : 0;
      this.reached.value = status !== 0;
      if (status === 401) this.signedOut.value = !(await this.#renew());
    }
  }

  /** Asks for another token with the session, if there is one. */
  async #renew(): Promise<boolean> {
    if (!this.#server.token) return false;
    try {
      this.#server.token = await this.#server.askToken();
      this.reached.value = true;
      await this.#vault?.change(this.#server.recording, { token: this.#server.token });
      return true;
    } catch (cause) {
      return !(cause instanceof Problem && cause.status === 401);
    }
  }

  #see(saved: Saved): void {
    const reached = saved.reached_ms ?? saved.until_ms;
    // What nobody has any more does not hold back what is said to be saved.
    const until = this.local.value || this.gaps.value.length === 0 ? saved.until_ms : reached;
    this.#safe(until);
    this.settled.value = !saved.live && saved.pending === 0;
    if (this.#interrupted !== null) {
      const gap = { from: reached < this.#interrupted ? reached : saved.until_ms, to: this.#interrupted };
      if (gap.to - gap.from > noticeable) this.gaps.value = [...this.gaps.value, gap];
      this.#interrupted = null;
    }
    if (this.route.link.value === "connected") {
      this.refusal.value = saved.problem ? { why: "said", sentence: saved.problem } : null;
    }
    if (!saved.live) this.route.forgotten();
  }

  /** Something of this lesson has come from here to the server. */
  #sent(sending: Sending): void {
    this.sending.value = sending;
    if (sending.recordingNow) this.#safe(sending.safeUntilMs);
    if (this.phase.peek() === "kept" && sending.finished) {
      this.phase.value = "over";
      this.close();
    }
  }

  #safe(untilMS: number): void {
    if (untilMS > this.savedUntil.peek()) this.savedUntil.value = untilMS;
  }

  async #claim(): Promise<boolean> {
    const release = await this.outside.tab.claim();
    if (release) {
      this.#release.push(release);
      return true;
    }
    this.refusal.value = { why: "elsewhere" };
    this.phase.value = "before";
    return false;
  }

  #letGo(): void {
    for (const release of this.#release.splice(0)) release();
  }

  /** Reads the clock; called by the screen as often as it shows it. */
  readClock(): void {
    this.elapsed.value = this.#clock.elapsed;
  }

  #remember(): void {
    const lesson = this.lesson.value;
    if (!lesson) return;
    this.outside.shelf.keep({
      ...lesson, elapsed: this.#clock.elapsed, at: Date.now(), paused: !this.#clock.running,
    });
  }

  /** Notes what went wrong, and answers its status; 0 when the server was not reached. */
  #fails(cause: unknown): number {
    const known = cause instanceof WhipError || cause instanceof Problem ? cause : null;
    if (known?.status === 401) this.signedOut.value = true;
    this.reached.value = known !== null && known.status !== 0;
    this.refusal.value = known?.detail
      ? { why: "said", sentence: known.detail }
      : { why: "unreachable" };
    return known?.status ?? 0;
  }

  /** The page may go: what the recorders hold is handed out. */
  beforeLeaving(): void {
    this.local.value?.handOut();
    this.#second?.handOut();
  }

  /** The page goes, perhaps to come back: the server need not wait for what does not come. */
  leave(): void {
    if (this.phase.value !== "recording") return;
    this.#remember();
    this.beforeLeaving();
    void this.route.close();
  }

  /** The network is back: what would be tried later is tried now. */
  hurry(): void {
    this.route.hurry();
    this.outside.sender.hurry();
  }

  #quiet(): void {
    clearTimeout(this.#timer);
    this.route.drop();
    this.inputs.close();
  }

  /** Lets go of devices, connection, timer, sender and locks. */
  close(): void {
    this.#quiet();
    this.#undo();
    this.outside.sender.stop();
    this.#letGo();
  }
}

function kindsOf(stream: MediaStream): string {
  return stream.getTracks().map((track) => track.kind).sort().join();
}

/** How far on its clock a lesson is kept. */
function reach(kept: KeptLesson): number {
  return Math.round(Math.max(0, ...kept.takes.map((take) => take.offsetMS + take.reachesMS)));
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
