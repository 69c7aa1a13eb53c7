import { useState } from "react";
import { Input } from "@/ui/field";

/** Searches when it is sent: each search asks the embedder. */
export function FindField(props: { find: string; onFind: (find: string) => void }) {
  const [typed, setTyped] = useState(props.find);
  return (
    <form
      className="w-44"
      onSubmit={(event) => {
        event.preventDefault();
        props.onFind(typed.trim());
      }}
    >
      <Input
        type="search"
        aria-label="Find memories"
        placeholder="Find, then Enter"
        maxLength={4_000}
        className="h-8 text-xs"
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value);
          if (target.value === "") props.onFind("");
        }}
      />
    </form>
  );
}
