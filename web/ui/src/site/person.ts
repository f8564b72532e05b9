/** Who is signed in, as the page says: their id, "nobody", or "" on a page that does not know. */
export function person(): string {
  return document.documentElement.dataset.person ?? "";
}
