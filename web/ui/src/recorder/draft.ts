// What is typed before a lesson, kept in this tab until the lesson has begun.

export interface Draft {
  title: string;
  className: string;
}

const key = "backrow.lesson-draft";

export function draft(): Partial<Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "{}") as Partial<Draft>;
  } catch {
    return {};
  }
}

export function keepDraft(typed: Draft): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(typed));
  } catch {
    // Storage is off: what is typed lasts as long as the page.
  }
}

export function forgetDraft(): void {
  try {
    sessionStorage.removeItem(key);
  } catch {
    // There was nothing to forget.
  }
}
