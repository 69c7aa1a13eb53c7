/** Long work that a request starts: it reports what it has done as events, then its result. */
import { Problem, type ProblemDocument } from "./problem";
import { root } from "./root";
import { noteRefusal, userHeaders } from "./session";
import { SseReader } from "./sse";

export interface Work {
  /** Called with each event before the result. */
  onEvent: (kind: string, data: unknown) => void;
  signal?: AbortSignal;
  /** With the same key, the same request joins the work that it started. */
  key?: string;
}

/** Starts the work, and returns its result.
 *
 * @throws Problem if it is refused, fails, or the connection is lost.
 */
export async function streamWork<T>(path: string, body: unknown, work: Work): Promise<T> {
  try {
    return await readWork<T>(await ask(path, body, work), work);
  } catch (error) {
    if (work.signal?.aborted) throw error;
    throw Problem.of(error);
  }
}

async function ask(path: string, body: unknown, work: Work): Promise<Response> {
  const answer = await fetch(`${root}/api/v1${path}`, {
    method: "POST",
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      Accept: "text/event-stream",
      ...userHeaders(),
      ...(work.key ? { "Idempotency-Key": work.key } : {}),
    },
    body: JSON.stringify(body),
    ...(work.signal ? { signal: work.signal } : {}),
  });
  if (answer.ok && answer.body) return answer;
  const problem = (await answer.json().catch(() => ({}))) as Partial<ProblemDocument>;
  throw noteRefusal(new Problem(problem, answer.status));
}

async function readWork<T>(answer: Response, work: Work): Promise<T> {
  const pieces = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const reader = new SseReader();
  while (pieces) {
    const { done, value } = await pieces.read();
    if (done) break;
    for (const event of reader.read(value)) {
      const data: unknown = JSON.parse(event.data);
      if (event.kind === "result") {
        void pieces.cancel();
        return data as T;
      }
      if (event.kind === "error") {
        const problem = data as Partial<ProblemDocument>;
        throw new Problem(problem, problem.status ?? 500);
      }
      work.onEvent(event.kind, data);
    }
  }
  throw Problem.offline(); // it ended without a result
}
