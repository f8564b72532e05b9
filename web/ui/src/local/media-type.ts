// In which form this browser records: what plays everywhere as it is comes first. WebM comes last:
// it is transcoded once, on arrival.

const withPicture = [
  "video/mp4;codecs=avc1.42E01F,opus", // Chromium, Safari 18.4
  "video/mp4;codecs=avc1.42E01F,mp4a.40.2", // Safari
  "video/mp4;codecs=vp9,opus", // Chromium without H.264
  "video/webm;codecs=vp8,opus", // Firefox
  "video/webm",
];
const soundAlone = ["audio/mp4;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/webm"];

/** The best form for tracks of these kinds; null when this browser records none. */
export function mediaType(
  kinds: readonly string[], able: (type: string) => boolean,
): string | null {
  const forms = kinds.includes("video") ? withPicture : soundAlone;
  const named = kinds.includes("audio") ? forms : forms.map((form) => form.replace(/,(opus|mp4a\.40\.2)$/, ""));
  return named.find((form) => able(form)) ?? null;
}
