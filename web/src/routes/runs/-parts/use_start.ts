import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { addressOf, api, call } from "@/api/client";
import { Problem, type ProblemDocument } from "@/api/problem";
import { randomKey } from "@/api/random_key";
import { noteRefusal, userHeaders } from "@/api/session";
import { type Faults, faultsOf, type StartBody } from "./start_form";

/** Starts a run once, however often it is asked to, and goes to it. */
export function useStart() {
  const navigate = useNavigate();
  const [isStarting, setStarting] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [faults, setFaults] = useState<Faults>({});
  // The same request has the same key, also after an answer was lost; another request another one.
  const sent = useRef({ body: "", key: "" });
  const start = async (body: StartBody) => {
    if (isStarting) return;
    const text = JSON.stringify(body);
    if (sent.current.body !== text) sent.current = { body: text, key: randomKey() };
    setStarting(true);
    setProblem(null);
    setFaults({});
    try {
      const headers = { "idempotency-key": sent.current.key };
      const started = await call(api.POST("/api/v1/runs", { params: { header: headers }, body }));
      // In place of the dialog: going back must not open it again.
      await navigate({ to: "/runs/$run", params: { run: started.id }, replace: true });
    } catch (error) {
      const refused = Problem.of(error);
      const found = faultsOf(refused);
      setFaults(found);
      if (Object.keys(found).length === 0) setProblem(refused);
      setStarting(false);
    }
  };
  return { start, isStarting, problem, faults, setFaults };
}

/** Uploads a file; returns its id. */
export async function uploadFile(file: File): Promise<string> {
  const type = file.type ? { "content-type": file.type } : {};
  const headers = { ...userHeaders(), ...type };
  const address = addressOf(`/files?name=${encodeURIComponent(file.name)}`);
  let response: Response;
  try {
    response = await fetch(address, { method: "POST", body: file, headers });
  } catch (error) {
    throw Problem.of(error);
  }
  const answer: unknown = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw noteRefusal(new Problem(answer as Partial<ProblemDocument>, response.status));
  }
  return String((answer as { id?: unknown }).id);
}
