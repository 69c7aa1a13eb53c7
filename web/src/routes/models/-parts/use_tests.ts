import { useState } from "react";
import { api, call, type Schemas } from "@/api/client";
import { Problem } from "@/api/problem";

/** A test of a model: in progress, what it found, or why it could not be made. */
export type Test = "running" | Schemas["Trial"] | Problem;

export interface Tests {
  of: (model: string) => Test | undefined;
  run: (model: string) => void;
}

/** Tests of models, kept while the view is shown. */
export function useTests(): Tests {
  const [tests, setTests] = useState<Readonly<Record<string, Test>>>({});
  const set = (model: string, test: Test) => setTests((now) => ({ ...now, [model]: test }));
  return {
    of: (model) => (Object.hasOwn(tests, model) ? tests[model] : undefined),
    run: (model) => {
      if (tests[model] === "running") return;
      set(model, "running");
      call(api.POST("/api/v1/models/test", { body: { model } })).then(
        (trial) => set(model, trial),
        (error: unknown) => set(model, Problem.of(error)),
      );
    },
  };
}
