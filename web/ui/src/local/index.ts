// The lessons that this laptop keeps until the server has them. The recorder writes them; any page
// may send what is left, say how much that is, and give it to the person as files.

import { heldNow, lockOf } from "./locks";
import { unsentOf } from "./sender";
import type { UnsentLesson } from "./sender";
import { anythingKept, openVault } from "./vault";
import { zip } from "./zip";

export { Sender } from "./sender";
export type { Sending, UnsentLesson } from "./sender";

/** What this laptop keeps of all its people's lessons that the server has not confirmed. */
export async function unsent(): Promise<UnsentLesson[]> {
  if (!(await anythingKept())) return [];
  const lessons = (await (await openVault())?.lessons()) ?? [];
  const held = await heldNow();
  return lessons
    .map((lesson) => unsentOf(lesson, held.has(lockOf(lesson.recording))))
    .filter((lesson) => lesson.bytesLeft > 0 || lesson.recordingNow);
}

/** Deletes a lesson from this laptop, sent or not. One that is being recorded is left as it is. */
export async function discard(recording: string): Promise<void> {
  if ((await heldNow()).has(lockOf(recording))) return;
  await (await openVault())?.discard(recording);
}

/** What this laptop has of a lesson, as a file that players read; several takes in a ZIP. */
export async function saveAsFile(recording: string): Promise<Blob> {
  const takes = (await (await openVault())?.media(recording)) ?? [];
  const [only, ...others] = takes;
  if (!only) throw new Error(`nothing is kept of ${recording}`);
  if (others.length === 0) return only.media;
  return zip(takes.map(({ take, media }, n) => ({
    name: `${n + 1} ${take.source}.${/^\w+\/(\w+)/.exec(take.mediaType)?.[1] ?? "mp4"}`, content: media,
  })));
}
