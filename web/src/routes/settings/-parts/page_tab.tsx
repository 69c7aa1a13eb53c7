import { Monitor, Moon, Sun } from "lucide-react";
import { useAllCommands } from "@/parts/commands";
import { Section } from "@/parts/desk/section";
import { describeKeys } from "@/parts/keys";
import { setTheme, type Theme, useTheme } from "@/parts/theme";
import { chooseZone, useClock } from "@/parts/time_zone";
import { NoticeButton } from "@/shell/notice_button";
import { cn } from "@/ui/cn";
import { Field, Select } from "@/ui/field";
import { Kbd } from "@/ui/kbd";

/** How the page looks and behaves in this browser. */
export default function PageTab() {
  return (
    <>
      <Section title="Appearance">
        <div className="p-4">
          <ThemeChoice />
        </div>
      </Section>
      <Section title="Time zone">
        <div className="max-w-sm p-4">
          <ZoneChoice />
        </div>
      </Section>
      <Section
        title="Notices"
        lead="When something new waits for you and no tab is on screen, the desktop shows it."
      >
        <div className="p-4">
          <NoticeButton />
        </div>
      </Section>
      <KeyList />
    </>
  );
}

const THEMES: readonly { id: Theme; title: string; icon: typeof Sun }[] = [
  { id: "system", title: "As the system", icon: Monitor },
  { id: "light", title: "Light", icon: Sun },
  { id: "dark", title: "Dark", icon: Moon },
];

function ThemeChoice() {
  const theme = useTheme();
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="sr-only">Theme</legend>
      {THEMES.map(({ id, title, icon: Icon }) => (
        <label
          key={id}
          className={cn(
            "flex h-9 cursor-pointer items-center gap-2 rounded-md border px-3 has-focus-visible:outline-2 has-focus-visible:outline-info",
            theme === id ? "border-ink font-medium" : "border-line text-muted hover:text-ink",
          )}
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={theme === id}
            onChange={() => setTheme(id)}
          />
          <Icon aria-hidden className="size-4" /> {title}
        </label>
      ))}
    </fieldset>
  );
}

function ZoneChoice() {
  const { zone = "", formatTime } = useClock();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Field label="Times are shown in" hint={`Now: ${formatTime(Date.now() / 1000)}`}>
      {(ids) => (
        <Select {...ids} value={zone} onChange={({ target }) => chooseZone(target.value || null)}>
          <option value="">the zone of this browser ({own})</option>
          <option>UTC</option>
          {Intl.supportedValuesOf("timeZone").map((each) => (
            <option key={each}>{each}</option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function KeyList() {
  const commands = useAllCommands().filter((each) => each.keys && each.group !== "Settings");
  return (
    <Section
      title="Keys"
      lead={
        <>
          These work in every view; each view has more. <Kbd keys="?" /> lists all that work where
          you are.
        </>
      }
    >
      <ul className="grid gap-x-8 px-4 py-2 sm:grid-cols-2">
        {commands.map((each) => (
          <li key={each.id} className="flex items-center justify-between gap-4 py-1.5">
            <span className="truncate">{each.title}</span>
            <Kbd keys={describeKeys(each.keys ?? "")} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
