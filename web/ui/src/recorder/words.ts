// Sentences that more than one part of the page says.

import { t } from "../lib/messages";
import { stamp } from "../lib/clock";
import type { Refusal } from "./types";

export function sentence(refusal: Refusal): string {
  return refusal.why === "said" ? refusal.sentence : t(`record.${refusal.why}`);
}

export function savedUntil(ms: number): string {
  return ms > 0 ? t("record.saved_until", { time: stamp(ms) }) : t("record.nothing_saved");
}
