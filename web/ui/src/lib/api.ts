// The JSON API under /api/: requests of this origin, errors as RFC 9457 problem details.

/** A request that the server refused, or that never reached it (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** A sentence for the person at the screen, in the server's words; "" when it sent none. */
    readonly detail: string,
    /** The whole problem document: a refused edit carries the present version in it. */
    readonly document: Record<string, unknown> = {},
  ) {
    super(detail || `status ${status}`);
    this.name = "Problem";
  }

  /** Whether the same request may succeed later: the network, a restart, a rate. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export interface RequestOptions {
  body?: unknown;
  /** The version that an edit is of: sent as If-Match. */
  version?: number;
  signal?: AbortSignal;
  keepalive?: boolean;
  /** Opens one recording without a session: sent in the place of the cookie. */
  token?: string;
}

/** Asks the API. Resolves to the parsed body, undefined when there is none; rejects with Problem. */
export async function request<T>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.version !== undefined) headers["If-Match"] = `"${options.version}"`;
  if (options.token) headers["Authorization"] = `Bearer ${options.token}`;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: options.token ? "omit" : "same-origin",
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      keepalive: options.keepalive,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new Problem(0, "");
  }
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = text === "" ? undefined : JSON.parse(text);
  } catch {
    parsed = undefined; // a proxy's page of HTML, most likely
  }
  if (response.ok) return parsed as T;
  const document = isRecord(parsed) ? parsed : {};
  const detail = typeof document["detail"] === "string" ? document["detail"] : "";
  throw new Problem(response.status, detail, document);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
