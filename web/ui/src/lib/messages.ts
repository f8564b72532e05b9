// What the screen says. The server puts the part of the catalogue that the page's island needs
// into the page, in the reader's language (`<script type="application/json" id="messages">`), and
// beside it what every page may have to say (`id="site-messages"`). A text is found by its key, its
// {names} are filled in, and one that counts takes its form from `count`.

export type Values = Record<string, string | number>;

type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;

let catalogue: Record<string, Text> | undefined;

function texts(): Record<string, Text> {
  return (catalogue ??= { ...section("site-messages"), ...section("messages") });
}

function section(id: string): Record<string, Text> {
  const source = document.getElementById(id)?.textContent;
  return source ? (JSON.parse(source) as Record<string, Text>) : {};
}

/** The language of the page, as BCP 47. */
export function locale(): string {
  return document.documentElement.lang || "en";
}

/** The text for key. A key that the catalogue lacks is shown as it is, so that it is noticed. */
export function t(key: string, values: Values = {}): string {
  const found = texts()[key];
  if (found === undefined) return key;
  const text = typeof found === "string" ? found : form(found, Number(values["count"]));
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** Whether the catalogue has the key: for texts that are named by what a server sends. */
export function has(key: string): boolean {
  return key in texts();
}

function form(forms: Exclude<Text, string>, count: number): string {
  return forms[new Intl.PluralRules(locale()).select(count)] ?? forms.other ?? "";
}
