// Devices, connections and a server that tests move.

import { signal } from "@preact/signals";

import { Problem } from "../lib/api";
import { Disk, FakeVault, Recording } from "../local/fakes";
import { DeviceError } from "./devices";
import { Inputs } from "./inputs";
import { WhipError } from "./whip";

/** Lets everything that waits for a promise go on. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

export class Track extends EventTarget {
  readyState = "live";
  constructor(kind, id) {
    super();
    this.kind = kind;
    this.id = id;
  }
  stop() { this.readyState = "ended"; }
  getSettings() { return { deviceId: this.id, width: 1280, height: 720 }; }
  /** As when somebody pulls the plug. */
  unplug() {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

/** Cameras and microphones that are plugged in, by id. */
export class Room {
  cameras = ["cam"];
  microphones = ["mic"];
  opened = [];
  meters = [];
  trouble = null;
  hold = null; // a promise that openings wait for

  open = async (choice, kinds) => {
    await this.hold;
    if (this.trouble) throw new DeviceError(this.trouble);
    if (kinds.includes("camera") && this.cameras.length === 0) throw new DeviceError("no_camera");
    if (kinds.includes("microphone") && this.microphones.length === 0) throw new DeviceError("no_microphone");
    const pick = (there, chosen) => (there.includes(chosen) ? chosen : there[0]);
    const tracks = kinds.map((kind) => (kind === "camera"
      ? new Track("video", pick(this.cameras, choice.camera))
      : new Track("audio", pick(this.microphones, choice.microphone))));
    this.opened.push(...tracks);
    return tracks;
  };
  list = async () => ({ cameras: this.cameras, microphones: this.microphones });
  streamOf = (tracks) => ({ getTracks: () => tracks });
  meterOf = (stream) => {
    const meter = { stream, closed: false, close() { this.closed = true; } };
    this.meters.push(meter);
    return meter;
  };
  get live() { return this.opened.filter((track) => track.readyState === "live").map((track) => track.id); }
}

export class Connection extends EventTarget {
  connectionState = "connecting";
  become(state) {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
}

export class Take {
  connection = new Connection();
  tracks = new Set();
  closed = false;
  dropped = false;
  constructor(address) { this.address = address; }
  async replaceTrack(track) { this.tracks.add(track); }
  async resize(size) { this.size = size; }
  async suffers() { return false; }
  async close() { this.closed = true; }
  drop() { this.dropped = true; }
  get open() { return !this.closed && !this.dropped; }
}

/** A server that knows recordings, and says what it is told to. */
export class Server {
  requests = [];
  bodies = [];
  tokens = [];
  takes = [];
  state = "recording";
  saved = { until_ms: 0, live: false, pending: 0 };
  items = []; // one's own recordings, the latest first
  clock = null; // what it was told of the lesson's
  refuse = {}; // by "METHOD last-part-of-path": a status, 0 for no answer
  publishing = null; // a status with which takes are refused

  request = async (method, path, options = {}) => {
    const name = `${method} ${path.split("/").at(-1).replace(/^[0-9a-f-]{36}$/, "id")}`;
    this.requests.push(name);
    this.bodies.push(options.body);
    if (name in this.refuse) throw new Problem(this.refuse[name], this.refuse[name] ? `No: ${this.refuse[name]}.` : "");
    if (name === "GET saved") return { ...this.saved };
    if (name.startsWith("GET recordings?")) return { items: this.items };
    if (name === "GET lesson-clock" && !this.clock) throw new Problem(404, "");
    if (name === "GET lesson-clock") return { ...this.clock };
    if (name === "PUT lesson-clock") {
      this.clock = { ...options.body };
      return undefined;
    }
    if (name === "POST recordings") return { state: this.state, capture_token: "brt_1" };
    if (name === "POST capture-token") return { token: "brt_2" };
    this.tokens.push(options.token);
    return { state: this.state };
  };
  publish = async (endpoint, stream, how) => {
    await settle();
    const address = endpoint();
    if (this.publishing !== null) throw new WhipError(this.publishing, this.publishing ? `No: ${this.publishing}.` : "");
    const take = new Take(address);
    Object.assign(take, how);
    this.takes.push(take);
    return take;
  };
  count(name) { return this.requests.filter((each) => each === name).length; }
  get last() { return this.takes.at(-1); }
  get openTakes() { return this.takes.filter((take) => take.open).length; }
  offset(n) { return Number(new URL(this.takes.at(n).address, "http://x").searchParams.get("offset_ms")); }
}

/** Lets a world keep lessons: a disk, and recorders that its hands move. */
export function keeping(w, disk = new Disk()) {
  w.disk = disk;
  w.vault = new FakeVault(disk.store());
  w.recorders = [];
  w.able = () => true;
  w.local = (vault) => ({
    vault, able: (type) => w.able(type), now: () => w.now, streamOf: w.room.streamOf,
    record: (stream, options) => {
      const recorder = new Recording(stream.getTracks(), options);
      w.recorders.push(recorder);
      return recorder;
    },
  });
  return w;
}

/** What a Recorder stands on, and the hands that move it. */
export function world() {
  const room = new Room();
  const server = new Server();
  const w = {
    room, server, now: 0, unfinished: null, held: false, others: null, vault: null, locks: new Set(),
    outside: {
      me: { id: "anna", name: "Anna" },
      vault: async () => w.vault,
      local: (vault) => w.local(vault),
      sender: { lessons: signal([]), live: () => null, start() {}, stop() {}, hurry() {} },
      hold: async (name) => { w.locks.add(name); return () => w.locks.delete(name); },
      second: { screen: async () => null, camera: async () => null },
      origin: 1_700_000_000_000,
      inputs: new Inputs(room),
      request: server.request,
      publish: server.publish,
      shelf: {
        keep: (lesson) => { w.unfinished = lesson; },
        forget: () => { w.unfinished = null; },
        find: () => w.unfinished,
      },
      tab: {
        claim: async () => {
          if (w.held) return null;
          w.held = true;
          return () => { w.held = false; };
        },
        taken: async () => w.others !== null,
        free: async () => { await w.others; w.others = null; },
      },
      now: () => w.now,
    },
  };
  return w;
}
