import {
  Columns2,
  Download,
  Ellipsis,
  GitFork,
  History,
  ShieldCheck,
  Split,
  Trash2,
  Undo2,
} from "lucide-react";
import { lazy, Suspense } from "react";
import { addressOf } from "@/api/client";
import { type Command, useCommands } from "@/parts/commands";
import { useMay } from "@/parts/roles";
import { Button } from "@/ui/button";
import { Menu, MenuItem, MenuLine } from "@/ui/menu";
import { useRunView, useSelectedStep } from "../-view";
import { forkFrom, isForkable, readOpening, whatIfFrom } from "./openings";
import { SealBadge } from "./seal_badge";

const UndoSheet = lazy(() => import("./undo_sheet"));
const ForkSheet = lazy(() => import("./fork_sheet"));
const ReplayDialog = lazy(() => import("./replay_dialog"));
const SealDialog = lazy(() => import("./seal_dialog"));
const ForgetDialog = lazy(() => import("./forget_dialog"));
const CompareDialog = lazy(() => import("./compare_dialog"));

/** What else can be done with a run: in a menu, in the palette, and by keys. */
export function OtherActions() {
  const commands = useOtherCommands();
  return (
    <>
      <SealBadge />
      <Menu
        trigger={
          <Button size="icon" aria-label="More actions">
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {commands.map(({ id, title, icon: Icon, run }) => (
          <div key={id}>
            {LINES.has(id) && <MenuLine />}
            <MenuItem onSelect={run} danger={id === "forget"}>
              {Icon && <Icon aria-hidden />}
              {title}
            </MenuItem>
          </div>
        ))}
      </Menu>
      <Opened />
    </>
  );
}

const LINES = new Set(["replay", "seal", "forget"]);

function useOtherCommands(): readonly Command[] {
  const { run, setSearch } = useRunView();
  const operates = useMay("operator");
  const administers = useMay("admin");
  const selected = useSelectedStep();
  const from = selected && isForkable(selected) ? selected : undefined;
  const open = (what: string) => () => setSearch({ open: what });
  const group = "Run";
  const commands: Command[] = [];
  if (operates)
    commands.push(
      {
        id: "fork",
        title: from ? "Fork from the selected step…" : "Fork…",
        group,
        keys: "f",
        icon: GitFork,
        run: open(from ? forkFrom(from) : "fork"),
      },
      {
        id: "what-if",
        title: from ? "What if, from the selected step…" : "What if…",
        group,
        icon: Split,
        run: open(from ? whatIfFrom(from) : "what-if"),
      },
    );
  commands.push({
    id: "compare",
    title: "Compare with…",
    group,
    keys: "d",
    icon: Columns2,
    run: open("compare"),
  });
  if (operates)
    commands.push(
      { id: "undo", title: "Undo…", group, keys: "u", icon: Undo2, run: open("undo") },
      {
        id: "replay",
        title: "Replay on the current code",
        group,
        icon: History,
        run: open("replay"),
      },
    );
  commands.push(
    { id: "seal", title: "Seal and verify", group, icon: ShieldCheck, run: open("seal") },
    { id: "export", title: "Export", group, icon: Download, run: () => download(run) },
  );
  if (administers)
    commands.push({ id: "forget", title: "Forget…", group, icon: Trash2, run: open("forget") });
  useCommands(commands);
  return commands;
}

function download(run: string): void {
  const link = document.createElement("a");
  link.href = addressOf(`/runs/${encodeURIComponent(run)}/export`);
  link.download = "";
  link.click();
}

/** The sheet or dialog that the address names. */
function Opened() {
  const { search, setSearch } = useRunView();
  const operates = useMay("operator");
  const administers = useMay("admin");
  const opening = readOpening(search.open);
  const close = () => setSearch({ open: undefined });
  if (!opening) return null;
  const { kind } = opening;
  return (
    <Suspense>
      {(kind === "fork" || kind === "what-if") && operates && (
        <ForkSheet kind={kind} at={opening.at} onClose={close} />
      )}
      {kind === "undo" && operates && <UndoSheet onClose={close} />}
      {kind === "replay" && operates && <ReplayDialog onClose={close} />}
      {kind === "seal" && <SealDialog onClose={close} />}
      {kind === "compare" && <CompareDialog onClose={close} />}
      {kind === "forget" && administers && <ForgetDialog onClose={close} />}
    </Suspense>
  );
}
