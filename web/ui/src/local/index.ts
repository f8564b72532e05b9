// The lessons that this laptop keeps until the server has them. The recorder writes them; any page
// may send what is left, say how much that is, and give it to the person as files.

import { signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";

/** A lesson of which something is on this laptop alone. */
export interface UnsentLesson {
  recording: string;
  /** Whose it is: laptops are shared. */
  person: string;
  personName: string;
  title: string;
  startedAt: string; // RFC 3339
  lengthMs: number;
  bytes: number;
  bytesLeft: number;
  /** Whether a tab of this browser is recording it just now. */
  recordingNow: boolean;
}

/** How a lesson gets on. */
export interface Sending extends UnsentLesson {
  state:
    | "sending"
    | "waiting" // for the network or the server: it is tried again by itself
    | "signed_out" // until its own person signs in
    | "refused" // for good: it stays on this laptop until the person decides
    | "sent"; // all of it is on the server, and nothing of it here any more
  /** The server's words about it; "" when it said nothing. */
  sentence: string;
  /** How long the rest takes at the present rate; null when that is not known. */
  leftMs: number | null;
}

/** What this laptop keeps of all its people's lessons that the server has not confirmed. */
export async function unsent(): Promise<UnsentLesson[]> {
  return Promise.resolve([]);
}

/** Sends what is left. As many pages as like may start one: one of the browser's works. */
export class Sender {
  readonly #lessons = signal<readonly Sending[]>([]);

  /** Those that are being sent or wait, and those that this sender has finished. */
  get lessons(): ReadonlySignal<readonly Sending[]> {
    return this.#lessons;
  }

  start(): void {}

  stop(): void {}
}

/** Deletes a lesson from this laptop, sent or not. One that is being recorded is left as it is. */
export async function discard(recording: string): Promise<void> {
  void recording;
}

/** What this laptop has of a lesson, as a file that players read; several takes in a ZIP. */
export async function saveAsFile(recording: string): Promise<Blob> {
  throw new Error(`nothing is kept of ${recording}`);
}
