import { useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { Chip } from "@/parts/desk/badge";
import { Loaded } from "@/parts/desk/loaded";
import { Facts, Rows, Section } from "@/parts/desk/section";
import { formatSeconds } from "@/parts/figures";
import { describeProfile, PLACES } from "../-safety";

/** The gates around all calls, and how strict they are. */
export default function GatesTab() {
  const gates = useQuery({
    queryKey: ["gates"],
    queryFn: () => call(api.GET("/api/v1/gates")),
    staleTime: 60_000,
  });
  return (
    <Loaded query={gates} rows={5} className="m-0">
      {({ profile, seconds, gates: list }) => (
        <>
          <Section
            title="Profile"
            lead="How strict the built-in gates are. The setting gates.profile changes it for workers that start after that."
          >
            <Facts
              facts={[
                {
                  name: "In force",
                  value: (
                    <>
                      <span className="font-medium">{profile}</span>
                      <span className="block text-muted text-xs">{describeProfile(profile)}</span>
                    </>
                  ),
                },
                {
                  name: "A gate may take",
                  value: `${formatSeconds(seconds)}; after that, the call is stopped`,
                },
              ]}
            />
          </Section>
          <Section
            title="Gates"
            lead="In this order, around the calls of all agents; an agent's own come after them. What they decided about a run is in its tab Safety."
          >
            <Rows label="Gates">
              {list.map((gate) => (
                <li key={gate.name} className="px-4 py-3">
                  <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                    <span className="min-w-0 break-words font-medium">{gate.name}</span>
                    {gate.places.map((place) => (
                      <Chip key={place}>{PLACES[place] ?? place}</Chip>
                    ))}
                  </p>
                  <p className="mt-0.5 break-words text-muted text-xs">{gate.does}</p>
                </li>
              ))}
            </Rows>
          </Section>
        </>
      )}
    </Loaded>
  );
}
