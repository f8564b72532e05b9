// Going on here with a lesson that another laptop records, or did until its battery was empty.

import type { request } from "../lib/api";
import type { Unfinished } from "./unfinished";

/** A lesson that goes on elsewhere. */
export interface Elsewhere {
  recording: string;
  title: string;
  startedAt: number; // wall clock
}

interface Listed {
  id: string;
  title: string;
  state: string;
  started_at: string;
}

/** How many of one's latest lessons are looked at. */
const latest = 10;
const answerWithin = 15_000;
/** A lesson is a day long at most. */
const dayMS = 24 * 3600 * 1000;

/** The latest of one's own lessons that goes on and is not this laptop's; null when none does, or
 *  when the server does not say. */
export async function goesOnElsewhere(
  ask: typeof request, isHere: (recording: string) => Promise<boolean>, now: number,
): Promise<Elsewhere | null> {
  const signal = AbortSignal.timeout(answerWithin);
  const answer = await ask<{ items?: Listed[] }>("GET", `/api/recordings?limit=${latest}`, { signal }).catch(() => null);
  for (const { id, title, state, started_at } of answer?.items ?? []) {
    const startedAt = Date.parse(started_at);
    if (state !== "recording" || !(now - startedAt < dayMS) || (await isHere(id))) continue;
    return { recording: id, title, startedAt };
  }
  return null;
}

/** Where the clock of such a lesson is: what its page told the server of it, or else the time since
 *  it began; never before what is stored. */
export async function joined(ask: typeof request, found: Elsewhere, now: () => number): Promise<Unfinished> {
  const path = `/api/recordings/${found.recording}`;
  const signal = AbortSignal.timeout(answerWithin);
  const [told, saved] = await Promise.all([
    ask<{ elapsed_ms: number; running: boolean }>("GET", `${path}/lesson-clock`, { signal }).catch(() => null),
    ask<{ until_ms: number; reached_ms?: number }>("GET", `${path}/saved`, { signal }).catch(() => null),
  ]);
  const at = now();
  const clock = told ? told.elapsed_ms : Math.max(0, at - found.startedAt);
  return {
    recording: found.recording, title: found.title, people: [], targets: [],
    elapsed: Math.max(clock, saved?.reached_ms ?? saved?.until_ms ?? 0), at, paused: told?.running === false,
  };
}
