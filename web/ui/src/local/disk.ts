// How long this laptop's disk will do for a lesson.

/** What a minute of a lesson takes, picture and sound, in bytes: see local-route.ts. */
export function minuteBytes(bitsPerSecond: number): number {
  return (bitsPerSecond / 8) * 60;
}

/** Less than this is told before a lesson, and while one goes on, in minutes. */
export const enough = { before: 60, during: 15 };

/** How many bytes may still be written; null when the browser does not say. */
export async function freeBytes(): Promise<number | null> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
  } catch {
    return null;
  }
}

/** Asks that the browser does not clear what is kept here when the disk runs short. */
export async function keepForGood(): Promise<void> {
  try {
    if (!(await navigator.storage.persisted())) await navigator.storage.persist();
  } catch {
    // It is kept as long as the browser sees fit.
  }
}
