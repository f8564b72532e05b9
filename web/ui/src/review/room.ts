// The room: one recording, its marks, and who may do what with them. It holds the state that the
// parts of the screen share, as signals, and is where every change to it goes through.

import { batch, computed, effect, type Signal, signal } from "@preact/signals";

import { Files } from "../attachments/files";
import { openFileShelf } from "../attachments/shelf";
import { request } from "../lib/api";
import { spoken } from "../lib/clock";
import { Courier } from "../lib/courier";
import { Emitter } from "../lib/emitter";
import { type FeedEvent, type FeedState, feedURL, LiveFeed } from "../lib/feed";
import { locale, t } from "../lib/messages";
import type { Entry, Shelf, Write } from "../lib/outbox";
import { newID } from "../lib/uuid";
import { Composition } from "./composition";
import { apply, type Filter, type Marks, marksOf, matches, perform, type Shown, shownOf } from "./marks";
import type { Player } from "./player";
import type { Preferences } from "./preferences";
import { sendByAPI } from "./rest";
import { sentenceOf } from "./said";
import { parseStoryboard, type Still } from "./storyboard";
import { mediaEnd } from "./spans";
import { nearest, neighbour } from "./timeline-maths";
import type {
  Annotation, Boot, Draft, Processing, Review, Share, SourceTimeline, TargetArea, Timeline,
} from "./types";
import { type Drawn, drawn, type Waveform } from "./waveform";

/** What lies over the room. */
export type Panel = "" | "keys" | "share" | "request" | "return" | "files" | "delete";

export interface Toast {
  text: string;
  undo?: () => void;
}

type Events = {
  /** The composer is asked for. */
  compose: void;
  /** The list is asked to show a mark. */
  show: string;
};

/** A mark further from the playhead than this is not what the moment is about. */
const nearMS = 10_000;
/** How often to ask while no live feed gets through, and for the end of a recording and of work on it. */
const pollMS = 10_000;
const recordingMS = 5_000;
const processingMS = 1_500;
/** What can be played beyond the known spans before they are asked for: a last frame is no growth. */
const growthMS = 250;

/** The screen where it goes beside the main picture, and is not that itself. */
function screenOf({ main, sources }: Pick<Timeline, "main" | "sources">): SourceTimeline | null {
  return (main === "camera" && sources.find(({ source }) => source === "screen")) || null;
}

export class Room extends Emitter<Events> {
  readonly areas: ReadonlyMap<string, TargetArea>;
  /** Those that new marks can be about, in the order of their keys. */
  readonly activeAreas: readonly TargetArea[];
  readonly composition: Composition;
  readonly courier: Courier;
  readonly feed: LiveFeed;
  /** What goes with the recording: the lesson plan, work samples. */
  readonly files: Files;

  readonly marks = signal<Marks>(new Map());
  readonly entries = signal<readonly Entry[]>([]);
  readonly filter = signal<Filter>({ areas: new Set(), kinds: new Set(), person: "" });
  readonly chosen = signal<string>("");
  readonly connection = signal<FeedState>("connecting");
  readonly offline = signal(!navigator.onLine);
  readonly state = signal<Boot["recording"]["state"]>("ready");
  readonly may: Signal<Boot["may"]>;
  /** What is there of the screen, where one was recorded beside the camera. */
  readonly screen: Signal<SourceTimeline | null>;
  readonly reviews = signal<Review[]>([]);
  readonly shares = signal<Share[]>([]);
  readonly processing = signal<Processing>({
    state: "none",
    step: "",
    percent: 0,
    left_seconds: -1,
    reason: "",
  });
  readonly renditions = signal<ReadonlySet<string>>(new Set());
  readonly waveform = signal<Drawn | null>(null);
  readonly storyboard = signal<{ sheet: string; stills: Still[] }>({ sheet: "", stills: [] });
  readonly panel = signal<Panel>("");
  readonly toast = signal<Toast | null>(null);
  /** What a screen reader is told, politely. */
  readonly said = signal("");

  /** All marks that this person may see, in the timeline's order. */
  readonly shown = computed<Shown[]>(() =>
    shownOf(this.marks.value, this.entries.value, this.boot.me),
  );
  /** Those that the filter lets through. */
  readonly visible = computed<Shown[]>(() =>
    this.shown.value.filter((mark) => matches(mark, this.filter.value)),
  );
  readonly refused = computed(() => this.entries.value.filter((entry) => entry.refused));
  /** The mark that the moment on the screen is about. */
  readonly lit = computed<string>(() => {
    const now = this.player.now.value;
    const chosen = this.visible.value.find(({ id }) => id === this.chosen.value);
    if (chosen && now >= chosen.start_ms - 300 && now <= chosen.end_ms + 300) return chosen.id;
    return nearest(this.visible.value, now, nearMS)?.id ?? "";
  });
  /** The range that is being made in the composer. */
  readonly composing = computed(() => this.composition.pinned.value);

  /** The review that this person has been asked for. */
  readonly ownReview = computed(() =>
    this.reviews.value.find(({ instructor }) => instructor.id === this.boot.me.id),
  );

  #stops: (() => void)[] = [];
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #toastTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly boot: Boot,
    readonly player: Player,
    readonly preferences: Preferences,
    shelf: Shelf,
  ) {
    super();
    const { recording, me } = boot;
    this.may = signal(boot.may);
    this.screen = signal(screenOf(boot));
    this.areas = new Map(boot.target_areas.map((area) => [area.id, area]));
    this.activeAreas = boot.target_areas.filter(({ active }) => active);
    this.marks.value = marksOf(boot.annotations);
    this.state.value = recording.state;
    this.reviews.value = boot.reviews;
    this.shares.value = boot.shares;
    this.processing.value = boot.processing;
    this.renditions.value = new Set(boot.renditions);
    this.composition = new Composition(
      player,
      `backrow:draft:${me.id}:${recording.id}`,
      () => preferences.pauseWhileTyping.peek(),
      (draft) => this.add(draft),
      (undo) => this.tell(t("room.draft_dropped"), undo),
    );
    this.files = new Files(recording.id, me.id, openFileShelf(), boot.attachments);
    this.feed = new LiveFeed(feedURL(recording.id), boot.seq);
    this.courier = new Courier(this.feed, shelf, `${me.id}/${recording.id}`, (write) =>
      sendByAPI(recording.id, write),
    );
  }

  get theme() {
    return this.preferences.theme;
  }

  /** The path of something of this recording under the API. */
  path(rest: string): string {
    return `/api/recordings/${this.boot.recording.id}/${rest}`;
  }

  /** Joins the feed, takes up what was not sent, fetches what was made of the recording. */
  start(): void {
    const { feed, courier } = this;
    this.#stops.push(
      feed.on("event", (event) => this.#heard(event)),
      feed.on("reset", () => (this.marks.value = new Map())),
      feed.on("hello", ({ may }) => (this.may.value = { ...this.may.value, ...may })),
      feed.on("state", (state) => this.#moved(state)),
      courier.on("entries", (entries) => (this.entries.value = entries)),
      courier.on("stored", ({ write, version }) => this.#stored(write, version)),
      courier.on("refused", () => this.say(t("room.refused"))),
      effect(() => void this.#fetchRenditions(this.renditions.value)),
      effect(() => this.#grown(this.player.reach.value)),
    );
    const settle = () => this.files.settle();
    window.addEventListener("pagehide", settle);
    this.#stops.push(() => window.removeEventListener("pagehide", settle));
    const online = () => {
      if (navigator.onLine) this.files.hurry();
      this.offline.value = !navigator.onLine;
      // The line of before may be dead without knowing it.
      if (navigator.onLine && this.#wasOffline) feed.reopen();
      this.#wasOffline = !navigator.onLine;
    };
    window.addEventListener("online", online);
    window.addEventListener("offline", online);
    this.#stops.push(() => {
      window.removeEventListener("online", online);
      window.removeEventListener("offline", online);
    });
    this.reload();
    const asked = new URLSearchParams(location.search).get("open");
    if (asked === "share" || asked === "request" || asked === "return" || asked === "delete") this.open(asked);
    void courier.begin();
    if (this.may.value.attach) void this.files.begin();
    feed.open();
    if (!this.#settled()) this.#follow();
    this.#every(pollMS, () => this.#poll());
  }

  close(): void {
    this.#stops.forEach((stop) => stop());
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.courier.close();
    this.files.close();
    this.feed.close();
    this.player.close();
  }

  // What a person does.

  add(draft: Draft): void {
    this.#post({ type: "create", id: newID(), ...draft });
    this.say(t("room.added"));
  }

  edit(mark: Annotation, changes: Partial<Draft>): void {
    this.#post({ type: "edit", id: mark.id, version: mark.version, ...changes });
  }

  /** Deletes a mark; for ten seconds that can be undone. */
  remove(mark: Annotation): void {
    this.#post({ type: "delete", id: mark.id, version: mark.version });
    this.tell(t("room.deleted"), () =>
      this.#post({ type: "restore", id: mark.id, version: mark.version + 1 }),
    );
  }

  reply(mark: Annotation, text: string): void {
    this.#post({ type: "reply", id: newID(), annotation_id: mark.id, text });
  }

  editReply(id: string, version: number, text: string): void {
    this.#post({ type: "edit_reply", id, version, text });
  }

  removeReply(id: string, version: number): void {
    this.#post({ type: "delete_reply", id, version });
    this.tell(t("room.reply_deleted"), () =>
      this.#post({ type: "restore_reply", id, version: version + 1 }),
    );
  }

  /** Shows the mark: in the video, in the list and on the timeline. */
  go(mark: Annotation): void {
    this.chosen.value = mark.id;
    this.player.seek(mark.start_ms);
    this.show(mark.id);
  }

  /** Has the list show a mark, without going there. */
  show(id: string): void {
    this.emit("show", id);
  }

  step(direction: -1 | 1): void {
    // A mark in a gap is where the gap leads to.
    const spots = this.visible.value.map((mark) => ({
      ...mark,
      start_ms: this.player.shown(mark.start_ms),
    }));
    const spot = neighbour(spots, this.player.now.value, direction);
    const mark = this.visible.value.find(({ id }) => id === spot?.id);
    if (!mark) return;
    this.go(mark);
    this.say(`${t(`kind.${mark.kind}`)}, ${spoken(mark.start_ms, locale())}: ${mark.text}`);
  }

  /** Asks for the composer, at this moment. */
  compose(): void {
    this.composition.begin();
    this.emit("compose", undefined);
  }

  toggleFilter(what: "areas" | "kinds", key: string): void {
    const next = new Set(this.filter.value[what]);
    if (!next.delete(key)) next.add(key);
    this.filter.value = { ...this.filter.value, [what]: next };
  }

  filterPerson(person: string): void {
    this.filter.value = { ...this.filter.value, person };
  }

  clearFilter(): void {
    this.filter.value = { areas: new Set(), kinds: new Set(), person: "" };
  }

  open(panel: Panel): void {
    this.panel.value = panel;
  }

  /** Sends a refused write again: over what is there now, where it was an edit. */
  async again(entry: Entry): Promise<void> {
    const { write, refused } = entry;
    const current = refused?.current as { version?: number } | undefined;
    await this.courier.drop(entry.n);
    if (current?.version !== undefined && "version" in write) {
      this.#post({ ...write, version: current.version });
    } else if (write.type === "create") {
      const { type: _, id: __, ...draft } = write;
      this.composition.takeBack(draft as unknown as Draft);
      this.emit("compose", undefined);
    } else this.#post(write);
  }

  /** Says that a returned review has been answered. */
  async answer({ id, version }: Review): Promise<void> {
    try {
      this.reviewed(
        await request<Review>("POST", this.path(`reviews/${id}/answer`), { body: { version } }),
      );
    } catch (cause) {
      this.tell(sentenceOf(cause));
    }
  }

  /** Takes in a review as the server has it now. */
  reviewed(review: Review): void {
    this.reviews.value = [...this.reviews.value.filter(({ id }) => id !== review.id), review];
  }

  /** Loads the video, at the moment that the address asks for (#t=754), or again after a failure. */
  reload(): void {
    const at = /[#&]t=(\d+(?:\.\d+)?)/.exec(location.hash);
    const now = this.player.now.value || (at ? Number(at[1]) * 1000 : 0);
    const file = this.may.value.download && this.renditions.value.has("mp4");
    // Who follows a lesson goes on with the same list when it ends, until it is loaded anew.
    const playlist = this.path("playlist.m3u8") + (this.state.value === "ready" ? "" : "?follow=1");
    this.player.load(
      { playlist, file: file ? this.path("renditions/mp4") : "" },
      now,
      this.state.value !== "ready",
    );
  }

  /** Makes the small picture the large one. False: there are no two. */
  swapPictures(): boolean {
    const { screenLarge, screenHidden } = this.preferences;
    if (!this.screen.value || screenHidden.value) return false;
    screenLarge.value = !screenLarge.value;
    this.say(t(screenLarge.value ? "room.screen_large" : "room.camera_large"));
    return true;
  }

  /** Hides the screen, or shows it again. False: there is none. */
  toggleScreen(): boolean {
    const { screenHidden } = this.preferences;
    if (!this.screen.value) return false;
    screenHidden.value = !screenHidden.value;
    this.say(t(screenHidden.value ? "room.screen_hidden" : "room.screen_shown"));
    return true;
  }

  tell(text: string, undo?: () => void): void {
    clearTimeout(this.#toastTimer);
    this.toast.value = undo ? { text, undo } : { text };
    this.holdToast(false);
  }

  /** Keeps the toast while somebody is about to press its button. */
  holdToast(hold: boolean): void {
    clearTimeout(this.#toastTimer);
    if (!hold) this.#toastTimer = setTimeout(() => (this.toast.value = null), 10_000);
  }

  say(text: string): void {
    // The same text twice is read once: a space makes it another.
    this.said.value = this.said.value === text ? `${text} ` : text;
  }

  async retryProcessing(): Promise<void> {
    try {
      await request("POST", this.path("processing/retry"));
      this.processing.value = { state: "queued", step: "", percent: 0, left_seconds: -1, reason: "" };
      this.#follow();
    } catch (cause) {
      this.tell(sentenceOf(cause));
    }
  }

  // What is heard.

  #post(write: Write): void {
    void this.courier.post(write);
  }

  #heard(event: FeedEvent): void {
    const before = this.marks.value;
    this.marks.value = apply(before, event);
    if (event.actor_id === undefined || event.actor_id === this.boot.me.id) return;
    const annotation = event.annotation as Annotation | undefined;
    const reply = event.reply as Annotation["replies"][number] | undefined;
    if (event.change === "annotation_created" && annotation && !before.has(annotation.id)) {
      this.say(
        t("room.heard_feedback", {
          name: annotation.author.name,
          time: spoken(annotation.start_ms, locale()),
        }),
      );
    }
    if (event.change === "reply_created" && reply && !reply.deleted) {
      this.say(t("room.heard_reply", { name: reply.author.name }));
    }
  }

  /** Holds for true what was written, until its event says the same. */
  #stored(write: Write, version: number): void {
    batch(() => {
      const marks = perform(this.marks.value, write, this.boot.me, new Date().toISOString());
      const mark = marks.get(write.id);
      this.marks.value =
        mark && mark.version < version ? new Map(marks).set(mark.id, { ...mark, version }) : marks;
    });
  }

  #moved(state: FeedState): void {
    const before = this.connection.value;
    this.connection.value = state;
    if (state === "away" && before === "live") this.say(t("room.connection_lost"));
    if (state === "live" && before !== "live" && this.#wasAway) this.say(t("room.connection_back"));
    if (state === "away") this.#wasAway = true;
    if (state === "live") this.#wasAway = false;
    if (state === "gone" || state === "forbidden") this.marks.value = new Map();
  }

  #wasAway = false;
  #wasOffline = !navigator.onLine;

  /** Asks over the API while no live feed gets through. */
  async #poll(): Promise<void> {
    if (this.connection.value !== "away" || !navigator.onLine) return;
    try {
      const { annotations } = await request<{ annotations: Annotation[] }>(
        "GET",
        this.path("annotations"),
      );
      if (this.connection.value === "away") this.marks.value = marksOf(annotations);
    } catch {
      // The line under the list says that there is no connection.
    }
  }

  #settled(): boolean {
    const { state } = this.processing.value;
    return this.state.value === "ready" && state !== "queued" && state !== "running";
  }

  /** Follows the recording, and then the work on it, until there is nothing more to come. */
  #follow(): void {
    const wait = this.state.value === "recording" ? recordingMS : processingMS;
    this.#after(wait, async () => {
      try {
        const answer = await request<Processing & { recording_state: Boot["recording"]["state"]; renditions: string[] }>(
          "GET",
          this.path("processing"),
        );
        const { recording_state, renditions, ...processing } = answer;
        const ended = recording_state === "ready" && this.state.value !== "ready";
        if (recording_state !== this.state.value) await this.#lay();
        batch(() => {
          this.state.value = recording_state;
          this.processing.value = processing;
          if (renditions.length !== this.renditions.value.size) {
            this.renditions.value = new Set(renditions);
          }
        });
        if (ended) this.#showBest();
        if (this.#settled()) {
          if (processing.state === "done") this.say(t("room.processing_done"));
          return;
        }
      } catch {
        // Away: ask again.
      }
      this.#follow();
    });
  }

  /** Shows the lesson by the best takes, from where it is, in the place of what grew. */
  #showBest(): void {
    const playing = this.player.playing.peek();
    this.reload();
    if (playing) void this.player.play();
  }

  #asked = 0;

  /** The player reaches beyond what is known of the timeline: asks, once for each growth. */
  #grown(reach: number): void {
    if (reach <= Math.max(this.#asked, mediaEnd(this.player.spans.peek())) + growthMS) return;
    this.#asked = reach;
    this.#lay().catch(() => (this.#asked = 0)); // away: the next growth asks again
  }

  async #lay(): Promise<void> {
    const timeline = await request<Timeline>("GET", this.path("timeline"));
    batch(() => {
      this.player.lay(timeline.spans, timeline.expected);
      this.screen.value = screenOf(timeline);
    });
  }

  async #fetchRenditions(made: ReadonlySet<string>): Promise<void> {
    try {
      if (made.has("waveform") && !this.waveform.peek()) {
        const waveform = await request<Waveform>("GET", this.path("renditions/waveform"));
        this.waveform.value = drawn(waveform);
      }
      if (made.has("storyboard") && made.has("storyboard_index") && !this.storyboard.peek().sheet) {
        const index = await fetch(this.path("renditions/storyboard_index"));
        if (index.ok) {
          this.storyboard.value = {
            sheet: this.path("renditions/storyboard"),
            stills: parseStoryboard(await index.text()),
          };
        }
      }
      // Who sees the first frame already is not to see another one in its place.
      if (made.has("poster") && !this.player.video.poster && this.player.video.readyState < 2) {
        this.player.video.poster = this.path("renditions/poster");
      }
    } catch {
      // The timeline works without them.
    }
  }

  #after(ms: number, act: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void act();
    }, ms);
    this.#timers.add(timer);
  }

  #every(ms: number, act: () => Promise<void>): void {
    this.#after(ms, async () => {
      await act();
      this.#every(ms, act);
    });
  }
}
