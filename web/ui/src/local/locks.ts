// Web Locks as signs of life: one is held for as long as its tab lives, and goes with it, however it
// goes. A browser without them does without.

/** The lock that a tab holds while it records a lesson. */
export const lockOf = (recording: string): string => `backrow.lesson.${recording}`;
/** The lock of the one page that sends. */
export const sending = "backrow.sending";

/** Holds a lock from when it is free until the function that it resolves to is called, or until
 *  signal is aborted. Steal takes it from whoever has it; lost is called when that happens here. */
export function hold(name: string, options: {
  steal?: boolean; signal?: AbortSignal; lost?: () => void;
} = {}): Promise<() => void> {
  if (!("locks" in navigator)) return Promise.resolve(() => undefined);
  const { steal = false, signal, lost } = options;
  return new Promise((resolve, reject) => {
    let held = false;
    const how: LockOptions = steal ? { steal } : { signal };
    navigator.locks.request(name, how, () => {
      held = true;
      return new Promise<void>((release) => resolve(release));
    }).catch((cause: unknown) => (held ? lost?.() : reject(cause as Error)));
  });
}

/** The names of the locks that tabs of this browser hold just now. */
export async function heldNow(): Promise<ReadonlySet<string>> {
  if (!("locks" in navigator)) return new Set();
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map((lock) => lock.name ?? ""));
}
