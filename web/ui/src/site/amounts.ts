// Sizes and lengths as people read them, in their language.

import { locale } from "../lib/messages";

type Unit = "kilobyte" | "megabyte" | "gigabyte" | "second" | "minute" | "hour";

function said(n: number, unit: Unit, digits = 0): string {
  return new Intl.NumberFormat(locale(), {
    style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits,
  }).format(n);
}

/** 84000000 is "84 MB". */
export function size(bytes: number): string {
  if (bytes < 1e6) return said(Math.ceil(bytes / 1e3), "kilobyte");
  if (bytes < 1e9) return said(bytes / 1e6, "megabyte", bytes < 1e7 ? 1 : 0);
  return said(bytes / 1e9, "gigabyte", 1);
}

/** 720000 is "12 min". What is shorter than a minute is told in seconds. */
export function length(ms: number): string {
  if (ms < 59_500) return said(Math.max(1, Math.round(ms / 1000)), "second");
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return said(minutes, "minute");
  const rest = minutes % 60;
  return said(Math.floor(minutes / 60), "hour") + (rest > 0 ? ` ${said(rest, "minute")}` : "");
}

/** A length that is a guess: by fives of seconds, then by minutes. */
export function about(ms: number): string {
  return length(ms < 59_500 ? Math.ceil(ms / 5000) * 5000 : ms);
}
