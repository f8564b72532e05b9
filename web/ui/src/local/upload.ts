// How a kept lesson goes to the server: the requests, and what their answers mean. Each of them may
// be sent twice (docs/api.md).

import { isRecord, Problem } from "../lib/api";
import type { Kept, Lesson, Take } from "./types";

/** A blob is given a second for every so many bytes, and this long besides. */
const slowestBytes = 8_000;
const answerMS = 30_000;

/** A refusal that says when to come back. */
export class Busy extends Problem {
  constructor(status: number, detail: string, readonly afterMS: number) {
    super(status, detail);
  }
}

/** What the server has of a take. */
export interface Have {
  /** First and last numbers of what is there without a hole. */
  have: [number, number][];
  bytes: number;
  complete: boolean;
}

export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

export class Upload {
  constructor(
    private readonly lesson: Pick<Lesson, "recording" | "token">,
    private readonly fetch: Fetch = (path, init) => globalThis.fetch(path, init),
  ) {}

  async begin(take: Take): Promise<void> {
    await this.#send("PUT", `takes/${take.id}`, {
      source: take.source, offset_ms: Math.round(take.offsetMS), started_at: take.startedAt,
      media_type: take.mediaType, picture_lead_ms: take.pictureLeadMS || undefined,
    });
  }

  async have(take: string): Promise<Have> {
    return (await this.#send("GET", `takes/${take}/blobs`)) as unknown as Have;
  }

  /** Sends a blob. It is stored for good when this resolves. */
  async put(take: string, number: number, { bytes, sha256 }: Kept, signal?: AbortSignal): Promise<void> {
    const patience = AbortSignal.timeout(answerMS + (bytes.byteLength / slowestBytes) * 1000);
    const over = new AbortController(); // whichever comes first
    for (const each of [patience, signal]) {
      each?.addEventListener("abort", () => over.abort(), { signal: over.signal });
    }
    await this.#request("PUT", `takes/${take}/blobs/${number}`, {
      body: bytes,
      headers: {
        "Content-Type": "application/octet-stream",
        "Content-Digest": `sha-256=:${base64(sha256)}:`, // RFC 9530
      },
      signal: over.signal,
    });
  }

  async end(take: Take): Promise<void> {
    const { blobs, lengthMS, reason } = take.ended!;
    await this.#send("POST", `takes/${take.id}/end`, { blobs, length_ms: lengthMS, reason });
  }

  async finish(taughtMS: number): Promise<void> {
    await this.#send("POST", "finish", { taught_ms: Math.round(taughtMS) });
  }

  #send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    return this.#request(method, path, {
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      signal: AbortSignal.timeout(answerMS),
    });
  }

  async #request(method: string, path: string, init: RequestInit): Promise<Record<string, unknown>> {
    const { recording, token } = this.lesson;
    const headers: Record<string, string> = { Accept: "application/json", ...(init.headers as object) };
    if (token) headers["Authorization"] = `Bearer ${token}`;
    let response: Response;
    let text: string;
    try {
      response = await this.fetch(`/api/recordings/${recording}/${path}`, {
        ...init, method, headers,
        // The token opens it, whoever is signed in by now.
        credentials: token ? "omit" : "same-origin",
      });
      text = await response.text();
    } catch {
      throw new Problem(0, "");
    }
    const answer = parsed(text);
    if (response.ok) return answer;
    const detail = typeof answer["detail"] === "string" ? answer["detail"] : "";
    const after = Number(response.headers.get("Retry-After"));
    if (after > 0) throw new Busy(response.status, detail, after * 1000);
    throw new Problem(response.status, detail, answer);
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {}; // a proxy's page of HTML, most likely
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
