import { Link, useNavigate } from "@tanstack/react-router";
import { useCommands } from "@/parts/commands";
import { splitId, usePanels } from "@/parts/panel/panels";
import { navLook } from "./nav_look";
import { panelIcon } from "./panel_icons";

/** The views that capabilities contribute, in the navigation and the palette. */
export default function PanelLinks(props: { onChoose?: () => void }) {
  const panels = usePanels("view");
  const navigate = useNavigate();
  useCommands(
    panels.map((panel) => ({
      id: `go/panels/${panel.id}`,
      title: panel.title,
      group: "Go to",
      icon: panelIcon(panel.icon),
      run: () => void navigate({ to: "/panels/$capability/$panel", params: splitId(panel.id) }),
    })),
  );
  if (panels.length === 0) return null;
  return (
    <div className="mt-2 flex flex-col gap-0.5 border-t pt-2">
      {panels.map((panel) => {
        const Icon = panelIcon(panel.icon);
        return (
          <Link
            key={panel.id}
            to="/panels/$capability/$panel"
            params={splitId(panel.id)}
            {...(props.onChoose ? { onClick: props.onChoose } : {})}
            className={navLook}
          >
            <Icon aria-hidden className="size-4 text-muted" />
            <span className="min-w-0 flex-1 truncate">{panel.title}</span>
          </Link>
        );
      })}
    </div>
  );
}
