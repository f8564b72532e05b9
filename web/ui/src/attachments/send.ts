// Sends one file, telling how far it has come. XMLHttpRequest, because fetch does not tell.

import { isRecord, Problem } from "../lib/api";
import type { Attachment } from "./files";

export type Send = (
  path: string,
  file: Blob,
  progress: (share: number) => void,
  signal: AbortSignal,
) => Promise<Attachment>;

export const sendFile: Send = (path, file, progress, signal) =>
  new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("PUT", path);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    sending.setRequestHeader("Accept", "application/json");
    sending.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    sending.onerror = sending.onabort = () => reject(new Problem(0, ""));
    sending.onload = () => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(sending.responseText);
      } catch {
        parsed = undefined; // a proxy's page of HTML, most likely
      }
      if (sending.status >= 200 && sending.status < 300) return resolve(parsed as Attachment);
      const document = isRecord(parsed) ? parsed : {};
      const detail = typeof document["detail"] === "string" ? document["detail"] : "";
      reject(new Problem(sending.status, detail, document));
    };
    signal.addEventListener("abort", () => sending.abort());
    sending.send(file);
  });
