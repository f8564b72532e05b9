// Small things that the panels say.

import { Problem } from "../lib/api";
import { locale, t } from "../lib/messages";

/** The sentence for a person about why something did not work. */
export function sentenceOf(cause: unknown): string {
  if (cause instanceof Problem && cause.detail !== "") return cause.detail;
  return t("room.no_connection");
}

/** The last moment of a day (YYYY-MM-DD) in the reader's zone, as the API takes it. */
export function endOfDay(day: string): string {
  return new Date(`${day}T23:59:59`).toISOString();
}

/** The day of a moment, in the reader's zone and words. */
export function dayOf(moment: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(moment));
}
