import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/field";
import { TestResult } from "./test_result";
import type { Tests } from "./use_tests";

/** Tests a model that is not in the list. */
export function TestOther(props: { tests: Tests; onClose: () => void }) {
  const [model, setModel] = useState("");
  const [asked, setAsked] = useState("");
  const test = asked ? props.tests.of(asked) : undefined;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && props.onClose()}
      title="Test a model"
      description="Calls it once, with at most 16 tokens of output, from the daemon."
    >
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(model.trim());
          props.tests.run(model.trim());
        }}
      >
        <Field label="Model" hint="As provider/model, such as openai/gpt-6-sol.">
          {(ids) => (
            <Input
              {...ids}
              autoFocus
              value={model}
              onChange={({ target }) => setModel(target.value)}
            />
          )}
        </Field>
        {test && <TestResult test={test} />}
        <Button
          type="submit"
          tone="primary"
          className="self-end"
          disabled={!model.includes("/") || test === "running"}
        >
          Test
        </Button>
      </form>
    </Dialog>
  );
}
