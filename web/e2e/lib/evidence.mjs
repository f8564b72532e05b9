// What a page's encoders made, told to the test as it is made: so that it is known even when the
// page, its tab or its browser does not live to tell.
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { watchSource } from './lesson.mjs';
import { readBack } from './readback.mjs';
import { scratch } from './scratch.mjs';

// watchEncoders runs in the page before its own scripts. It tells of every blob that a
// MediaRecorder delivers, of what every peer connection has sent, and of flashes and beeps. With
// only live there is no MediaRecorder: the live route is alone.
function watchEncoders({ live }) {
  if (!navigator.mediaDevices) return; // an empty page
  const load = `${performance.timeOrigin}`;
  const tell = (kind, fact) => globalThis.__tell({ kind, load, ...fact }).catch(() => {});
  let runs = 0;
  if (live) {
    delete globalThis.MediaRecorder;
  } else {
    globalThis.MediaRecorder = class extends globalThis.MediaRecorder {
      constructor(stream, options) {
        super(stream, options);
        const run = ++runs;
        let n = 0;
        const picture = stream.getVideoTracks().length > 0;
        this.addEventListener('dataavailable', ({ data }) => {
          const number = ++n;
          const reader = new FileReader();
          reader.onload = () => tell('blob', { run, number, picture, type: this.mimeType, bytes: reader.result.split(';base64,')[1] ?? '' });
          reader.readAsDataURL(data);
        });
      }
    };
  }
  let connections = 0;
  globalThis.RTCPeerConnection = class extends globalThis.RTCPeerConnection {
    constructor(...args) {
      super(...args);
      follow(this, ++connections);
    }
  };
  async function follow(connection, run) {
    while (connection.connectionState !== 'closed') {
      const sent = { frames: 0, sounds: 0, by: '' };
      const stats = await connection.getStats();
      for (const stat of stats.values()) {
        if (stat.type === 'outbound-rtp' && stat.kind === 'video') sent.frames = stat.framesSent ?? stat.framesEncoded ?? 0;
        if (stat.type === 'outbound-rtp' && stat.kind === 'audio') sent.sounds = (stat.packetsSent ?? 0) - (stat.retransmittedPacketsSent ?? 0);
        if (stat.type === 'candidate-pair' && stat.nominated) sent.by = stats.get(stat.localCandidateId)?.protocol;
      }
      if (sent.frames + sent.sounds > 0) tell('sent', { run, ...sent });
      await new Promise((resume) => { setTimeout(resume, 100); });
    }
  }
  setInterval(() => {
    const source = globalThis.__source?.();
    if (source?.numbers) tell('source', { source });
  }, 500);
}

export class Evidence {
  #runs = new Map(); // of MediaRecorders: { type, blobs }
  #sent = new Map(); // of connections
  sources = new Map(); // of pages: flashes, beeps and numbers

  // of gathers what the pages of a browser context make.
  async of(context, { live = false } = {}) {
    await context.exposeBinding('__tell', (_, fact) => this.hear(fact));
    await context.addInitScript(watchSource);
    await context.addInitScript(watchEncoders, { live });
  }

  static watch = watchEncoders;

  hear({ kind, load, ...fact }) {
    const key = `${load} ${fact.run}`;
    if (kind === 'source') this.sources.set(load, fact.source);
    if (kind === 'sent') this.#sent.set(key, fact);
    if (kind !== 'blob' || !fact.picture) return;
    const run = this.#runs.get(key) ?? { type: fact.type, blobs: [] };
    this.#runs.set(key, run);
    run.blobs[fact.number - 1] = Buffer.from(fact.bytes, 'base64');
  }

  // sent is what the connections sent in all, and by which protocols.
  get sent() {
    const all = [...this.#sent.values()];
    const sum = (name) => all.reduce((total, one) => total + one[name], 0);
    return { frames: sum('frames'), sounds: sum('sounds'), by: [...new Set(all.map(({ by }) => by))] };
  }

  get runs() { return this.#runs.size; }

  // encoded decodes what the MediaRecorders delivered: the numbers of its frames, run by run.
  async encoded() {
    return (await this.made()).map(({ frames }) => frames.map(({ number }) => number));
  }

  // made is all that can be read of it.
  async made() {
    const folder = await scratch('encoded');
    try {
      const found = [];
      for (const [n, { blobs }] of [...this.#runs.values()].entries()) {
        const whole = blobs.findIndex((blob) => blob === undefined); // a page that died may have told of a later one
        const file = path.join(folder, String(n));
        const bytes = Buffer.concat(whole < 0 ? blobs : blobs.slice(0, whole));
        if (bytes.length === 0) continue;
        await writeFile(file, bytes);
        found.push(await readBack(file));
      }
      return found;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
