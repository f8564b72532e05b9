// Puts a recording into a <video>. Chromium and Safari play HLS of CMAF segments themselves;
// hls.js is fetched only where they do not (Firefox).

/** Has video play the playlist at url. Returns what ends it. */
export async function attach(
  video: HTMLVideoElement,
  url: string,
  failed: (fatal: Error) => void,
): Promise<() => void> {
  if (playsNatively(video)) {
    if (!sameSource(video, url)) video.src = url;
    return () => video.removeAttribute("src");
  }
  const { default: Hls } = await import("hls.js/light");
  if (!Hls.isSupported()) {
    failed(new Error("no Media Source Extensions"));
    return () => {};
  }
  video.querySelectorAll("source").forEach((source) => source.remove());
  video.removeAttribute("src");
  const hls = new Hls({
    // Content-Security-Policy: a worker would need blob:, and segments are CMAF already: there
    // is nothing to transmux.
    enableWorker: false,
    // A lesson is watched from its beginning, also while it is still being recorded.
    startPosition: 0,
    backBufferLength: 90,
  });
  let recoveries = 0;
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && recoveries++ < 3) hls.recoverMediaError();
    else if (data.type === Hls.ErrorTypes.NETWORK_ERROR && recoveries++ < 10) {
      setTimeout(() => hls.startLoad(), 2000);
    } else failed(data.error);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return () => hls.destroy();
}

export function playsNatively(video: HTMLVideoElement): boolean {
  return video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

function sameSource(video: HTMLVideoElement, url: string): boolean {
  return video.currentSrc === new URL(url, document.baseURI).href;
}
