import { Problem } from "@/api/problem";
import { artifactAddress } from "@/parts/artifact";
import { uploadFile } from "@/parts/composer/upload";
import type { Attached, UserPart } from "./types";

/** Uploads the files of a message again, to send them with its edit: an upload is sent once.
 *
 * @throws Problem if one cannot be read any more, or is refused.
 */
export async function resendFiles(run: string, parts: readonly UserPart[]): Promise<Attached[]> {
  const sent: Attached[] = [];
  for (const part of parts) {
    if (part.type === "text" || !part.artifact) continue;
    const answer = await fetch(artifactAddress(run, part.artifact), { credentials: "same-origin" });
    if (!answer.ok) throw new Problem({ detail: "A file of this message is gone." }, answer.status);
    const name = part.type === "file" ? part.name : "picture";
    const type = part.media_type ?? "application/octet-stream";
    const file = new File([await answer.blob()], name, { type });
    sent.push(await uploadFile(file, () => {}, new AbortController().signal));
  }
  return sent;
}
