import { addressOf } from "@/api/client";
import { Problem, type ProblemDocument } from "@/api/problem";
import { noteRefusal, userHeaders } from "@/api/session";

/** A file that the daemon has. */
export interface Uploaded {
  id: string;
  name: string;
  size: number;
}

/** Uploads a file. `fetch` tells no progress, so this is an XMLHttpRequest.
 *
 * @param onProgress gets the part that is done, from 0 to 1.
 * @throws Problem if the daemon refuses the file or does not answer.
 */
export function uploadFile(
  file: File,
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", addressOf(`/files?name=${encodeURIComponent(file.name || "file")}`));
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    for (const [name, value] of Object.entries(userHeaders())) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      const body = readJson(request.responseText);
      if (request.status === 201) {
        resolve(body as Uploaded);
      } else {
        const document = (body ?? {}) as Partial<ProblemDocument>;
        reject(noteRefusal(new Problem(document, request.status)));
      }
    };
    request.onerror = () => reject(Problem.offline());
    request.onabort = () => reject(new DOMException("removed", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
