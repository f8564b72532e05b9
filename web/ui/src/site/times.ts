/** How a <time data-form> is written. */
const forms: Record<string, Intl.DateTimeFormatOptions> = {
  day: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  moment: {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  },
};

/** Leaves the reader's zone in a cookie, so that the server's own times are right from then on. */
export function rememberZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/** Writes every time below an element in the reader's zone, in the page's language. */
export function localTimes(root: ParentNode): void {
  const language = document.documentElement.lang || undefined;
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-form]")) {
    const form = forms[element.dataset.form ?? ""];
    const moment = new Date(element.dateTime);
    if (!form || Number.isNaN(moment.getTime())) continue;
    element.textContent = new Intl.DateTimeFormat(language, form).format(moment);
    element.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }).format(moment);
  }
}
