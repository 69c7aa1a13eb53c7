import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import type { Schemas } from "@/api/client";
import { TemplateList, useTemplates } from "./templates";

interface TemplateMenu {
  /** Whether it took the key. */
  press: (event: KeyboardEvent) => boolean;
  aria: Record<string, string>;
  element: ReactNode;
}

/** The list that `/` opens. */
export function useTemplateMenu(
  text: string,
  onChoose: (found: Schemas["PromptSummary"]) => void,
): TemplateMenu {
  const id = useId();
  const [place, setPlace] = useState(0);
  const [closed, setClosed] = useState("");
  const typed = /^\/(\S*)$/.exec(text)?.[1] ?? null;
  const open = typed !== null && closed !== text;
  const found = useTemplates(open ? typed : null);
  const chosen = Math.min(place, found.shown.length - 1);
  const press = (event: KeyboardEvent): boolean => {
    if (!open) return false;
    if (event.key === "Escape") setClosed(text);
    else if (event.key === "ArrowDown") setPlace(Math.min(chosen + 1, found.shown.length - 1));
    else if (event.key === "ArrowUp") setPlace(Math.max(chosen - 1, 0));
    else if (event.key === "Enter" || event.key === "Tab") {
      const template = found.shown[chosen];
      if (!template) return false;
      onChoose(template);
    } else return false;
    event.preventDefault();
    return true;
  };
  return {
    press,
    aria: open
      ? {
          "aria-controls": id,
          "aria-autocomplete": "list",
          "aria-activedescendant": `${id}-${chosen}`,
        }
      : {},
    element: open ? (
      <TemplateList
        id={id}
        templates={found.shown}
        loading={found.isPending}
        error={found.error}
        chosen={chosen}
        onChoose={onChoose}
      />
    ) : null,
  };
}
