// One lesson at a time is recorded on a laptop: the tab that records holds a lock, which goes when
// the tab goes, however it goes. A browser without locks does without.

const name = "backrow.recording";

/** Takes the lock and resolves to what gives it back; null when another tab has it. */
export function claim(): Promise<(() => void) | null> {
  if (!navigator.locks) return Promise.resolve(() => undefined);
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    });
  });
}

/** Resolves when no tab records. */
export async function free(): Promise<void> {
  await navigator.locks?.request(name, { mode: "shared" }, () => undefined);
}

/** Whether another tab records just now. */
export async function taken(): Promise<boolean> {
  const state = await navigator.locks?.query();
  return state?.held?.some((lock) => lock.name === name && lock.mode === "exclusive") ?? false;
}
