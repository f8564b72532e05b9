// Draws the mark as an application's icon: three rows of seats in a dark room, the last one at the
// back lit. An SVG, and the PNG files that devices ask for; nothing but circles, so it needs no
// library.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

const room = [0x0e, 0x5a, 0x49];
const seat = [0x5f, 0xa5, 0x93];
const glow = [0x2f, 0x80, 0x6b];
const lit = [0xfb, 0xfa, 0xf7];

/** The mark on a square of 1: [x, y, radius, colour], the later over the earlier. */
function circles(scale) {
  const place = (n) => 0.5 + (n - 1) * 0.25 * scale;
  const seats = [];
  for (const row of [0, 1, 2]) {
    for (const column of [0, 1, 2]) {
      if (row < 2 || column < 2) seats.push([place(column), place(row), 0.062 * scale, seat]);
    }
  }
  return [...seats, [place(2), place(2), 0.15 * scale, glow], [place(2), place(2), 0.096 * scale, lit]];
}

const hex = (colour) => `#${colour.map((c) => c.toString(16).padStart(2, "0")).join("")}`;

/** corner is the radius of the square's corners, 0 for one that the device cuts out itself. */
function svg(scale, corner) {
  const round = (n) => Math.round(n * 5120) / 10;
  const shapes = circles(scale).map(([x, y, r, colour]) =>
    `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" fill="${hex(colour)}"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">` +
    `<rect width="512" height="512" rx="${round(corner)}" fill="${hex(room)}"/>${shapes.join("")}</svg>`;
}

/** How much of a pixel lies inside an edge that is `inside` pixels away. */
const cover = (inside) => Math.min(1, Math.max(0, inside + 0.5));

function png(size, scale, corner) {
  const shapes = circles(scale);
  const rows = Buffer.alloc(size * (size * 4 + 1));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [u, v] = [(x + 0.5) / size, (y + 0.5) / size];
      let colour = room;
      for (const [cx, cy, r, ink] of shapes) {
        const part = cover((r - Math.hypot(u - cx, v - cy)) * size);
        if (part > 0) colour = colour.map((c, i) => c + (ink[i] - c) * part);
      }
      // The distance to a square with round corners.
      const [dx, dy] = [Math.abs(u - 0.5) - 0.5 + corner, Math.abs(v - 0.5) - 0.5 + corner];
      const beyond = Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - corner;
      const alpha = corner === 0 ? 1 : cover(-beyond * size);
      rows.set([...colour.map(Math.round), Math.round(255 * alpha)], y * (size * 4 + 1) + 1 + x * 4);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits, RGBA
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** CRC-32 as PNG has it (ISO 3309); Node's own came with 22. */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const corner = 0.22;
// Of a maskable icon only the circle of radius 0.4 is sure to be seen (W3C, Web App Manifest, 'safe zone').
const safe = 0.82;

/** Writes all icons into a folder and answers their names. */
export function drawIcons(folder) {
  const files = {
    "icon.svg": svg(1, corner),
    "icon-192.png": png(192, 1, corner),
    "icon-512.png": png(512, 1, corner),
    "icon-maskable-192.png": png(192, safe, 0),
    "icon-maskable-512.png": png(512, safe, 0),
    "icon-apple.png": png(180, 0.94, 0),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return Object.keys(files);
}
