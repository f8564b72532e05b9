// The live route: keeps a lesson connected to the server. Each connection is one take; one that
// dies is followed by the next, at once when the server has forgotten it and otherwise after a
// growing while.

import { signal } from "@preact/signals";

import { backoff } from "../lib/backoff";
import type { Size } from "./whip";

/** How the media goes to the server. */
export type Link = "none" | "connecting" | "connected" | "lost";

/** What LiveRoute needs of a connection: WhipSession is one. */
export interface Take {
  readonly connection: EventTarget & { readonly connectionState: RTCPeerConnectionState };
  replaceTrack(track: MediaStreamTrack): Promise<void>;
  resize(size: Size): Promise<void>;
  suffers(): Promise<boolean>;
  close(): Promise<void>;
  drop(): void;
}

/** The lesson that is sent. */
export interface Lesson {
  stream(): MediaStream | null;
  /** Makes the next take and resolves when the server has answered. */
  publish(stream: MediaStream): Promise<Take>;
  /** Told of a take that could not be begun; true says that none ever will be. */
  refused(cause: unknown): Promise<boolean>;
  /** A take is connected; again says that the lesson was sent before and was interrupted. */
  connected(again: boolean): void;
}

/** A take that is answered but brings nothing within this is given up for another. */
const connectWithin = 15_000;

export class LiveRoute {
  readonly link = signal<Link>("none");
  /** Whether the network holds the picture back, when last looked. */
  suffers = false;
  #take: Take | null = null;
  #turn = 0; // which try is the present one: one that comes late is ended
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly lesson: Lesson) {}

  /** Begins to send. Interrupted says that the lesson was being sent before. */
  open(interrupted = false): void {
    this.link.value = interrupted ? "lost" : "connecting";
    this.#attempt = 0;
    void this.#connect();
  }

  /** Ends the take that is under way, and tells the server so. */
  async close(): Promise<void> {
    await this.#leave()?.close();
  }

  /** Lets go of a take that the server has ended. */
  drop(): void {
    this.#leave()?.drop();
  }

  /** Tries now what would be tried later: the network is back. */
  hurry(): void {
    if (this.link.value === "lost" && !this.#take) void this.#connect();
  }

  /** The server has no take of this lesson: a connection that looks interrupted will not come back. */
  forgotten(): void {
    if (this.#take?.connection.connectionState !== "disconnected") return;
    this.#take.drop();
    void this.#connect();
  }

  /** Sends another device's track in the place of the one of its kind. */
  replace(track: MediaStreamTrack): void {
    void this.#take?.replaceTrack(track);
  }

  /** Sends the picture in another size. */
  resize(size: Size): void {
    void this.#take?.resize(size);
  }

  /** Begins another take in the place of the present one: it has other tracks. */
  again(): void {
    if (this.link.value === "none") return;
    void this.#leave()?.close();
    this.open();
  }

  /** Looks how the connection gets on. */
  async look(): Promise<void> {
    const take = this.#take;
    if (take && this.link.value === "connected") this.suffers = await take.suffers().catch(() => false);
  }

  #leave(): Take | null {
    const take = this.#take;
    this.#take = null;
    this.#turn++;
    clearTimeout(this.#timer);
    this.link.value = "none";
    return take;
  }

  async #connect(): Promise<void> {
    const mine = ++this.#turn;
    clearTimeout(this.#timer);
    this.#take = null;
    const stream = this.lesson.stream();
    if (!stream) return this.#retry();
    try {
      const take = await this.lesson.publish(stream);
      if (mine !== this.#turn) return void take.close();
      this.#follow(take, mine);
    } catch (cause) {
      if (mine !== this.#turn) return;
      const final = await this.lesson.refused(cause);
      if (mine === this.#turn && !final) this.#retry();
    }
  }

  #follow(take: Take, mine: number): void {
    this.#take = take;
    const { connection } = take;
    // A device that was changed while the server thought is not what was offered.
    for (const track of this.lesson.stream()?.getTracks() ?? []) void take.replaceTrack(track);
    this.#timer = setTimeout(() => this.#dropped(take), connectWithin);
    const look = () => {
      if (mine !== this.#turn) return;
      switch (connection.connectionState) {
        case "connected":
          this.#connected();
          break;
        case "disconnected": // ICE often recovers by itself: only a failure ends the take
          this.link.value = "lost";
          break;
        case "failed":
        case "closed":
          this.#dropped(take);
      }
    };
    connection.addEventListener("connectionstatechange", look);
    look();
  }

  #connected(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    const again = this.link.value === "lost";
    this.link.value = "connected";
    this.lesson.connected(again);
  }

  #dropped(take: Take): void {
    if (take !== this.#take) return;
    this.#take = null;
    this.#turn++;
    void take.close();
    this.#retry();
  }

  #retry(): void {
    this.link.value = "lost";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), backoff(this.#attempt++));
  }
}
