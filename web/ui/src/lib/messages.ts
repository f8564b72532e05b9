// What the screen says. The server renders the catalogue of the reader's language into the page
// as JSON (`<script type="application/json" id="messages">`); a text is found by its key, its
// {names} are filled in, and `key.one`, `key.few`… are chosen by a `count` among them.

export type Values = Record<string, string | number>;

let catalogue: Record<string, string> | undefined;

function texts(): Record<string, string> {
  if (!catalogue) {
    const source = document.getElementById("messages")?.textContent;
    catalogue = source ? (JSON.parse(source) as Record<string, string>) : {};
  }
  return catalogue;
}

/** The language of the page, as BCP 47. */
export function locale(): string {
  return document.documentElement.lang || "en";
}

/** The text for key. A key that the catalogue lacks is shown as it is, so that it is noticed. */
export function t(key: string, values: Values = {}): string {
  const all = texts();
  let text = all[key];
  if (typeof values["count"] === "number") {
    const form = new Intl.PluralRules(locale()).select(values["count"]);
    text = all[`${key}.${form}`] ?? all[`${key}.other`] ?? text;
  }
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
