// Puts a recording into a <video>. Chromium and Safari play HLS of CMAF segments themselves;
// hls.js is fetched only where they do not (Firefox), or cannot play this one.

/**
 * Has video play the playlist at url. Returns what ends it. growing: its recording is not finished;
 * Chromium takes that for a broadcast, which it plays from the newest moment on and nowhere else,
 * and not at all when nothing is added any more.
 */
export function attach(
  video: HTMLVideoElement,
  url: string,
  growing: boolean,
  failed: (cause: unknown) => void,
): () => void {
  let ended = false;
  let end = () => {};
  const fallBack = () => {
    attachLibrary(video, url, failed).then(
      (destroy) => (ended ? destroy() : (end = destroy)),
      failed,
    );
  };
  if (growing || !playsNatively(video)) fallBack();
  else {
    const refused = () => {
      stop();
      fallBack();
    };
    const stop = () => video.removeEventListener("error", refused);
    video.addEventListener("error", refused);
    end = stop;
    if (!sameSource(video, url) || video.error) video.src = url;
  }
  return () => {
    ended = true;
    end();
  };
}

async function attachLibrary(
  video: HTMLVideoElement,
  url: string,
  failed: (cause: unknown) => void,
): Promise<() => void> {
  const { default: Hls } = await import("hls.js/light");
  video.querySelectorAll("source").forEach((source) => source.remove());
  if (!Hls.isSupported()) {
    if (!playsNatively(video)) throw new Error("no Media Source Extensions");
    if (!sameSource(video, url)) video.src = url;
    return () => {};
  }
  video.removeAttribute("src");
  const hls = new Hls({
    // Segments are CMAF already: there is nothing for a worker to transmux.
    enableWorker: false,
    // A lesson is watched from its beginning, also while it is still being recorded.
    startPosition: 0,
    backBufferLength: 90,
    // Picture and sound may begin up to a few frames apart.
    maxBufferHole: 0.5,
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

function playsNatively(video: HTMLVideoElement): boolean {
  return video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

function sameSource(video: HTMLVideoElement, url: string): boolean {
  return video.currentSrc === new URL(url, document.baseURI).href;
}
