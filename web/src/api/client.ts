import createClient from "openapi-fetch";
import { noteDate } from "./daemon_clock";
import { Problem, type ProblemDocument } from "./problem";
import { root } from "./root";
import type { components, paths } from "./schema";
import { noteRefusal, userHeaders } from "./session";

export type Schemas = components["schemas"];

/** The typed client. Use it through `call`, which turns every failure into a `Problem`. */
export const api = createClient<paths>({
  baseUrl: root || location.origin,
  credentials: "same-origin",
  querySerializer: { array: { style: "form", explode: true } },
});

api.use({
  onRequest({ request }) {
    if (request.method === "GET") return;
    for (const [name, value] of Object.entries(userHeaders())) request.headers.set(name, value);
  },
  onResponse({ response }) {
    noteDate(response.headers.get("Date"));
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer.
 *
 * @throws Problem if the request failed or got no answer.
 */
export async function call<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    throw Problem.of(error);
  }
  if (!answer.response.ok) {
    const document = (answer.error ?? {}) as Partial<ProblemDocument>;
    throw noteRefusal(new Problem(document, answer.response.status));
  }
  return answer.data as T;
}

/** The address of a route that the browser opens itself, such as a download. */
export function addressOf(path: string): string {
  return `${root}/api/v1${path}`;
}
