// Sends moments that were marked in a lesson and have not arrived, from whatever page is open: the
// lesson they belong to is sent from any page, too. Loaded when the page has come to rest.

import { openShelf } from "../lib/outbox";
import type { Shelf } from "../lib/outbox";
import { MomentOutbox } from "../moments/outbox";
import { person } from "./person";

/** Begins to send what somebody has left; null where nobody is signed in. */
export async function sendMoments(
  who: string, open: () => Promise<Shelf>, ...outside: [ConstructorParameters<typeof MomentOutbox>[3]?]
): Promise<MomentOutbox | null> {
  if (!who || who === "nobody") return null;
  const outbox = new MomentOutbox(await open(), who, "", ...outside); // it marks none
  await outbox.begin();
  return outbox;
}

// The page that records has an outbox of its own, with marks that may still be taken back.
if (typeof document !== "undefined" && !document.querySelector("lesson-recorder")) {
  void sendMoments(person(), openShelf)
    .then((outbox) => outbox && addEventListener("online", () => outbox.hurry()))
    .catch(() => undefined);
}
