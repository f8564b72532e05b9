// Moments of a recording's timeline, in milliseconds, as people read, hear and write them.

/** 754000 is "12:34", 3661000 is "1:01:01". */
export function stamp(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** A range as "12:31–12:58", a point as "12:31". */
export function span(startMS: number, endMS: number): string {
  const [start, end] = [stamp(startMS), stamp(endMS)];
  return start === end ? start : `${start}–${end}`;
}

/** What `stamp` writes, read again; also "754" (seconds) and "12:34.5". null when it is neither. */
export function parseStamp(text: string): number | null {
  const match = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)$/.exec(text.trim());
  if (!match) return null;
  const [hours, minutes] = [Number(match[1] ?? 0), Number(match[2] ?? 0)];
  const seconds = Number(match[3]!.replace(",", "."));
  if (match[2] !== undefined && seconds >= 60) return null;
  if (match[1] !== undefined && minutes >= 60) return null;
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}

/** "12 minutes 34 seconds", in the reader's language: for what is read aloud. */
export function spoken(ms: number, locale: string): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts: [number, "hour" | "minute" | "second"][] = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const said = parts.filter(([n, unit]) => n > 0 || (unit === "second" && seconds < 60));
  return said.map(([n, unit]) => unitFormat(locale, unit).format(n)).join(" ");
}

const formats = new Map<string, Intl.NumberFormat>();

function unitFormat(locale: string, unit: string): Intl.NumberFormat {
  const key = `${locale} ${unit}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
    formats.set(key, format);
  }
  return format;
}
