import { useRunView } from "../-view";
import { StepList } from "./step_list";

export default function StepsTab() {
  const { log, version } = useRunView();
  return <StepList steps={log.steps} version={version} />;
}
