// Puts a recording into a <video>. Chromium and Safari play HLS of CMAF segments themselves;
// hls.js is fetched only where they do not (Firefox), or cannot play this one.

import type Library from "hls.js/light";

export interface Sources {
  /** The HLS playlist. */
  playlist: string;
  /** The MP4, for browsers that cannot play what the playlist lists; "": there is none. */
  file: string;
}

const waitMS = 2_000; // before what failed on the network is tried again
const mostFailures = 10; // on end

/**
 * Has video play a recording. Returns what ends it. growing: the recording is not finished; Chromium
 * takes that for a broadcast, which it plays from the newest moment on and nowhere else, and not at
 * all when nothing is added any more.
 */
export function attach(
  video: HTMLVideoElement,
  sources: Sources,
  growing: boolean,
  failed: (cause: unknown) => void,
): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const playFile = (cause: unknown) => {
    if (signal.aborted) return;
    if (!sources.file) return failed(cause);
    video.addEventListener("error", () => failed(video.error), { signal });
    video.src = sources.file;
  };
  const fallBack = () => {
    attachLibrary(video, sources.playlist, growing, signal, playFile).catch(playFile);
  };
  if (growing || !playsNatively(video)) fallBack();
  else {
    const refused = () => {
      video.removeEventListener("error", refused, { capture: true });
      fallBack();
    };
    // Captured: the errors of <source> elements do not bubble.
    video.addEventListener("error", refused, { capture: true, signal });
    if (
      !sameSource(video, sources.playlist) ||
      video.error ||
      video.networkState === HTMLMediaElement.NETWORK_NO_SOURCE
    ) {
      video.src = sources.playlist;
    }
  }
  return () => ended.abort();
}

/** Whether what video plays is the MP4, whose time is the timeline's: gaps are in it. */
export function isFile(video: HTMLVideoElement): boolean {
  return video.currentSrc.endsWith("/renditions/mp4");
}

async function attachLibrary(
  video: HTMLVideoElement,
  url: string,
  growing: boolean,
  signal: AbortSignal,
  failed: (cause: unknown) => void,
): Promise<void> {
  const { default: Hls } = await import("hls.js/light");
  if (signal.aborted) return;
  video.querySelectorAll("source").forEach((source) => source.remove());
  if (!Hls.isSupported()) {
    if (!playsNatively(video)) throw new Error("no Media Source Extensions");
    if (!sameSource(video, url)) video.src = url;
    return;
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
  signal.addEventListener("abort", () => hls.destroy());
  recover(Hls, hls, url, growing, signal, (cause) => {
    hls.destroy();
    failed(cause);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
}

/** Tries again what fails. Of a recording that is being made, nothing may be stored yet. */
function recover(
  Hls: typeof Library,
  hls: Library,
  url: string,
  growing: boolean,
  signal: AbortSignal,
  failed: (cause: unknown) => void,
): void {
  let failures = 0;
  let loaded = false;
  hls.on(Hls.Events.LEVEL_LOADED, () => (loaded = true));
  hls.on(Hls.Events.FRAG_BUFFERED, () => (failures = 0));
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    failures++;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && failures <= 3) hls.recoverMediaError();
    else if (data.type === Hls.ErrorTypes.NETWORK_ERROR && (growing || failures <= mostFailures)) {
      const timer = setTimeout(() => (loaded ? hls.startLoad() : hls.loadSource(url)), waitMS);
      signal.addEventListener("abort", () => clearTimeout(timer));
    } else failed(data.error);
  });
}

function playsNatively(video: HTMLVideoElement): boolean {
  return video.canPlayType("application/vnd.apple.mpegurl") !== "";
}

function sameSource(video: HTMLVideoElement, url: string): boolean {
  return video.currentSrc === new URL(url, document.baseURI).href;
}
