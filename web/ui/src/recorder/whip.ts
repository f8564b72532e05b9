// A WHIP client (RFC 9725): sends one MediaStream to an endpoint as one take. It knows nothing of
// screens, recordings or people; who uses it makes a new one for each take.

import { offerAudioRepair, preferVideo } from "./sdp";

/** A refusal of the endpoint, or an endpoint that could not be reached (status 0). */
export class WhipError extends Error {
  constructor(
    readonly status: number,
    /** The server's own sentence, when it sent one. */
    readonly detail: string,
  ) {
    super(detail || `WHIP: status ${status}`);
    this.name = "WhipError";
  }
}

/** How large the picture is sent. */
export interface Size {
  /** The most that it may take, in bits a second. */
  maxBitrate: number;
  /** The most lines that it may have: pixels of its shorter side. */
  maxLines: number;
}

export interface WhipOptions {
  size?: Size;
  /** Opens the endpoint without a session (RFC 9725, section 4.2). */
  token?: string;
  /** Candidates that are found within so many milliseconds go with the offer. */
  gatherFor?: number;
  /** How many milliseconds the endpoint has for its answer. */
  answerWithin?: number;
}

/** As the camera gives it, where nothing else keeps the lesson. */
export const whole: Size = { maxBitrate: 2_500_000, maxLines: Infinity };
/** Beside the local route, which keeps the better copy: enough to watch, light for the laptop. */
export const modest: Size = { maxBitrate: 1_000_000, maxLines: 480 };

const defaults = { size: whole, token: "", gatherFor: 500, answerWithin: 15_000 };
/** A network that gives less than this part of what the picture may take holds it back. */
const narrow = 0.9;
/** How long the end of a take may take to be told, in milliseconds. */
const endWithin = 5000;

/** One take on its way. */
export class WhipSession {
  private constructor(
    readonly connection: RTCPeerConnection,
    private readonly resource: string,
    private readonly token: string,
    private size: Size,
  ) {}

  /**
   * Offers the stream and resolves when the endpoint has answered: media flows as soon as the
   * connection is made. Rejects with WhipError. The endpoint's address is asked for as the offer
   * leaves, so that it may say what is true then.
   */
  static async publish(
    endpoint: () => string, stream: MediaStream, options: WhipOptions = {},
  ): Promise<WhipSession> {
    const { size, token, gatherFor, answerWithin } = { ...defaults, ...options };
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    try {
      await addTracks(connection, stream, size);
      const offer = await connection.createOffer();
      await connection.setLocalDescription({ type: "offer", sdp: offerAudioRepair(offer.sdp ?? "") });
      await gathered(connection, gatherFor);
      const sdp = offerAudioRepair(connection.localDescription?.sdp ?? "");
      const { answer, resource } = await post(endpoint(), sdp, token, AbortSignal.timeout(answerWithin));
      const session = new WhipSession(connection, resource, token, size);
      await connection.setRemoteDescription({ type: "answer", sdp: answer }).catch((cause: unknown) => {
        void session.close();
        throw cause;
      });
      return session;
    } catch (cause) {
      connection.close();
      throw cause instanceof WhipError ? cause : new WhipError(0, "");
    }
  }

  /** Puts another device's track in the place of the one of its kind, without a new take. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    const transceiver = this.connection.getTransceivers()
      .find((each) => each.receiver.track.kind === track.kind);
    if (!transceiver || transceiver.sender.track === track) return;
    await transceiver.sender.replaceTrack(track);
    if (track.kind === "video") await fit(transceiver.sender, this.size);
  }

  /** Sends the picture in another size from now on. */
  async resize(size: Size): Promise<void> {
    this.size = size;
    for (const sender of this.connection.getSenders()) {
      if (sender.track?.kind === "video") await fit(sender, size);
    }
  }

  /** Whether the network holds the picture back just now. */
  async suffers(): Promise<boolean> {
    let held = false;
    for (const stat of (await this.connection.getStats()).values() as Iterable<Record<string, unknown>>) {
      if (stat["type"] === "outbound-rtp" && stat["qualityLimitationReason"] === "bandwidth") held = true;
      const available = stat["type"] === "candidate-pair" && stat["availableOutgoingBitrate"];
      if (typeof available === "number" && available < narrow * this.size.maxBitrate) held = true;
    }
    return held;
  }

  /** Ends the take. Nothing more is sent from now on; the server is told, so that it need not wait
   *  for the connection to die, and the connection lives until it has what was under way. */
  async close(): Promise<void> {
    for (const sender of this.connection.getSenders()) void sender.replaceTrack(null).catch(() => undefined);
    try {
      await fetch(this.resource, {
        method: "DELETE", ...opened(this.token), keepalive: true, signal: AbortSignal.timeout(endWithin),
      });
    } catch {
      // The server notices by itself when packets stop.
    }
    this.drop();
  }

  /** Lets go of a take that the server has ended by itself. */
  drop(): void {
    this.connection.close();
  }
}

async function addTracks(connection: RTCPeerConnection, stream: MediaStream, size: Size): Promise<void> {
  for (const track of stream.getTracks()) {
    const transceiver = connection.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    if (track.kind !== "video") continue;
    const able = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
    if (able.length > 0) transceiver.setCodecPreferences(preferVideo(able));
    await fit(transceiver.sender, size);
  }
}

/** Sets how large a sender's picture goes. A browser that knows none of this sends as it sees fit. */
async function fit(sender: RTCRtpSender, { maxBitrate, maxLines }: Size): Promise<void> {
  const { width = 0, height = 0 } = sender.track?.getSettings() ?? {};
  const parameters = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: string };
  parameters.degradationPreference = "maintain-resolution"; // full size from the first frame on
  for (const encoding of parameters.encodings) {
    encoding.maxBitrate = maxBitrate;
    encoding.scaleResolutionDownBy = Math.max(1, Math.min(width, height) / maxLines);
  }
  await sender.setParameters(parameters).catch(() => undefined);
}

/** What a request carries to be let in: the token where there is one, and else the session. */
function opened(token: string): Pick<RequestInit, "credentials" | "headers"> {
  if (!token) return { credentials: "same-origin" };
  return { credentials: "omit", headers: { Authorization: `Bearer ${token}` } };
}

function gathered(connection: RTCPeerConnection, within: number): Promise<void> {
  if (connection.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      connection.removeEventListener("icegatheringstatechange", check);
      resolve();
    };
    const check = () => connection.iceGatheringState === "complete" && done();
    const timer = setTimeout(done, within);
    connection.addEventListener("icegatheringstatechange", check);
  });
}

async function post(
  endpoint: string, sdp: string, token: string, signal?: AbortSignal,
): Promise<{ answer: string; resource: string }> {
  let response: Response;
  const { headers, credentials } = opened(token);
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/sdp" },
      credentials,
      body: sdp,
      signal,
    });
  } catch {
    throw new WhipError(0, "");
  }
  const text = await response.text();
  if (response.status !== 201) throw new WhipError(response.status, detailOf(text));
  const location = response.headers.get("Location");
  if (!location) throw new WhipError(response.status, "");
  return { answer: text, resource: new URL(location, response.url).href };
}

function detailOf(body: string): string {
  try {
    const problem = JSON.parse(body) as { detail?: unknown };
    return typeof problem.detail === "string" ? problem.detail : "";
  } catch {
    return "";
  }
}
