/** Leaves the reader's zone in a cookie, so that the server's own times are right from then on. */
export function rememberZone(): void {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

/** The reader's own locale where it is of the page's language, else the language alone. */
function locale(): string {
  const language = document.documentElement.lang || "en";
  return navigator.languages.find((own) => own.split("-")[0] === language) ?? language;
}

/** Writes every <time data-form="day|moment"> below an element in the reader's zone and locale. */
export function localTimes(root: ParentNode): void {
  const now = new Date();
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-form]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const form: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "short" };
    if (moment.getFullYear() !== now.getFullYear()) form.year = "numeric";
    if (element.dataset.form === "moment") Object.assign(form, { hour: "numeric", minute: "2-digit" });
    element.textContent = new Intl.DateTimeFormat(locale(), form).format(moment);
    element.title = new Intl.DateTimeFormat(locale(), { dateStyle: "full", timeStyle: "short" }).format(moment);
  }
}
