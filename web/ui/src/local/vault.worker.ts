// The worker that keeps lessons: it does what vault.ts asks, one thing after the other.

import { Store } from "./store";
import type { Answer, Call } from "./vault";

const store = new Store(() => navigator.storage.getDirectory());
let queue: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<Call>) => {
  queue = queue.then(() => answer(data));
});

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const value = await (store[method] as (...args: unknown[]) => Promise<unknown>).apply(store, args);
    reply({ id, value });
  } catch (cause) {
    const { name, message } = cause instanceof Error || cause instanceof DOMException ? cause
      : { name: "Error", message: String(cause) };
    reply({ id, failed: { name, message } });
  }
}

function reply(answer: Answer): void {
  const bytes = (answer.value as { bytes?: unknown } | undefined)?.bytes;
  // A worker's own postMessage; the types are those of a page.
  (postMessage as (message: Answer, transfer: Transferable[]) => void)(
    answer, bytes instanceof ArrayBuffer ? [bytes] : [],
  );
}
