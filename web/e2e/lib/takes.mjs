// Reads a recording back take by take: by its playlist, without a player between, so that what is
// found is what is stored.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { readBack } from './readback.mjs';

// parsePlaylist parts a media playlist at its init segments: { ended, discontinuities, takes }, a
// take being { id, init, segments, seconds }, addresses relative to the playlist's.
export function parsePlaylist(text) {
  const found = { ended: false, discontinuities: 0, takes: [] };
  for (const line of text.split('\n')) {
    const [, init] = line.match(/^#EXT-X-MAP:URI="(.+)"$/) ?? [];
    const [, seconds] = line.match(/^#EXTINF:([\d.]+),/) ?? [];
    if (init) found.takes.push({ id: init.split('/')[1], init, segments: [], seconds: 0 });
    else if (seconds) found.takes.at(-1).seconds += Number(seconds);
    else if (line === '#EXT-X-DISCONTINUITY') found.discontinuities++;
    else if (line === '#EXT-X-ENDLIST') found.ended = true;
    else if (line !== '' && !line.startsWith('#')) found.takes.at(-1).segments.push(line);
  }
  return found;
}

// playlistOf asks for a recording's playlist with a person's request context.
export async function playlistOf(request, server, recording) {
  const answer = await request.get(`${server.url}/api/recordings/${recording}/playlist.m3u8`);
  if (!answer.ok()) throw new Error(`the playlist is ${answer.status()}: ${await answer.text()}`);
  return parsePlaylist(await answer.text());
}

// readTakes decodes each take of a playlist by itself and adds to it what readBack finds.
export async function readTakes(request, server, recording, playlist) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-takes-'));
  const parts = [];
  try {
    for (const [n, take] of playlist.takes.entries()) {
      const bytes = [];
      for (const address of [take.init, ...take.segments]) {
        const answer = await request.get(`${server.url}/api/recordings/${recording}/${address}`);
        if (!answer.ok()) throw new Error(`${address} is ${answer.status()}`);
        bytes.push(await answer.body());
      }
      const file = path.join(folder, `${n}.mp4`);
      await writeFile(file, Buffer.concat(bytes));
      parts.push({ ...take, ...await readBack(file) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return parts;
}
