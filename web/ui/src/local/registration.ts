// Makes a lesson's recording on the server: as it begins, or next week, when the laptop has a
// network again.

import { Problem } from "../lib/api";
import type { Lesson } from "./types";

/** From then on a lesson says when it began; until then the server's clock is the better one. */
const lateMS = 60_000;
/** An older one keeps that to itself: the server takes what is sent of a lesson within thirty days
 *  of its beginning, and sending takes its time. */
const tooLateMS = 20 * 24 * 3600 * 1000;

export interface Registered {
  token: string;
  /** What the server did not take with it, in its own words. */
  without: string;
}

type Post = (body: Record<string, unknown>) => Promise<{ capture_token?: string }>;

/** Registers a lesson. Whom it goes to, what it is about and when it began may be refused, as when
 *  somebody has left the program meanwhile; the lesson goes there without. */
export async function register(
  post: Post, { create, startedAt }: Pick<Lesson, "create" | "startedAt">, now: number,
): Promise<Registered> {
  let refused: Problem | null = null;
  for (const body of bodies(create, startedAt, now)) {
    try {
      const made = await post(body);
      return { token: made.capture_token ?? "", without: refused?.detail ?? "" };
    } catch (cause) {
      if (!(cause instanceof Problem) || cause.status !== 422) throw cause;
      refused ??= cause;
    }
  }
  throw refused!;
}

/** What it may be made of, the best first. */
function* bodies(create: Record<string, unknown>, startedAt: string, now: number) {
  const { share_with, target_area_ids, ...bare } = create;
  const extra = [share_with, target_area_ids].some((list) => Array.isArray(list) && list.length > 0);
  const age = now - Date.parse(startedAt);
  if (age > lateMS && age < tooLateMS) {
    yield { ...create, started_at: startedAt };
    if (extra) yield { ...bare, started_at: startedAt };
  }
  yield create;
  if (extra) yield bare;
}
