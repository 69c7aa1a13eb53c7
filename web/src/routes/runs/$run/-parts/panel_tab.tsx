import { PanelFrame } from "@/parts/panel/panel_frame";
import type { PanelInfo } from "@/parts/panel/panels";
import { useRunView } from "../-view";

/** A tab that a capability contributes. */
export default function PanelTab(props: { panel: PanelInfo }) {
  const { run } = useRunView();
  return <PanelFrame key={`${props.panel.id} ${run}`} panel={props.panel} run={run} />;
}
