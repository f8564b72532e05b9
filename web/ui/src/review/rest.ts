// The writes of the live feed over the API, for where no websocket gets through.

import { request } from "../lib/api";
import type { Write } from "../lib/outbox";

/** Sends one write; resolves to the version that is stored. */
export async function sendByAPI(recording: string, write: Write): Promise<number> {
  const base = `/api/recordings/${recording}`;
  const { type, id, version, ...body } = write;
  const edit = { ...body, version };
  const answer = await (() => {
    switch (type) {
      case "create":
        return request<Stored>("POST", `${base}/annotations`, { body: { id, ...body } });
      case "edit":
        return request<Stored>("PATCH", `${base}/annotations/${id}`, { body: edit });
      case "delete":
        return request<Stored>("DELETE", `${base}/annotations/${id}?version=${version}`);
      case "restore":
        return request<Stored>("POST", `${base}/annotations/${id}/restore`, { body: edit });
      case "reply": {
        const { annotation_id, ...reply } = body;
        return request<Stored>("POST", `${base}/annotations/${annotation_id}/replies`, {
          body: { id, ...reply },
        });
      }
      case "edit_reply":
        return request<Stored>("PATCH", `${base}/replies/${id}`, { body: edit });
      case "delete_reply":
        return request<Stored>("DELETE", `${base}/replies/${id}?version=${version}`);
      default:
        return request<Stored>("POST", `${base}/replies/${id}/restore`, { body: edit });
    }
  })();
  return answer?.version ?? 1;
}

interface Stored {
  version: number;
}
