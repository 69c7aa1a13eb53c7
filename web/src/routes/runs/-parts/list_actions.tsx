import { useNavigate } from "@tanstack/react-router";
import { Pause, Play, Plus } from "lucide-react";
import { Button } from "@/ui/button";
import { Kbd } from "@/ui/kbd";
import { changeSearch } from "../-filters";

export function ListActions(props: {
  paused: boolean;
  onPause: (paused: boolean) => void;
  canPause: boolean;
  canStart: boolean;
}) {
  const navigate = useNavigate();
  return (
    <>
      {props.canPause && (
        <Button
          size="sm"
          tone="quiet"
          title={props.paused ? "Update the list again" : "Stop updating the list"}
          onClick={() => props.onPause(!props.paused)}
        >
          {props.paused ? <Play aria-hidden /> : <Pause aria-hidden />}
          {props.paused ? "Follow list" : "Freeze list"}
        </Button>
      )}
      {props.canStart && (
        <Button
          size="sm"
          tone="primary"
          onClick={() =>
            void navigate({ to: "/runs", search: changeSearch((now) => ({ ...now, start: "" })) })
          }
        >
          <Plus aria-hidden /> New run
          <Kbd keys="n" className="text-primary-ink" />
        </Button>
      )}
    </>
  );
}
