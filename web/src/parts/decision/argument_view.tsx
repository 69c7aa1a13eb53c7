import { ExactText } from "./exact_text";
import { isList, isObject, type Json, type JsonObject, writeJson } from "./json_value";

const MAX_LEVELS = 4;
const MAX_PARTS = 60;

/** The arguments of a call, to read before deciding. */
export function ArgumentView(props: { value: JsonObject }) {
  const names = Object.keys(props.value);
  if (names.length === 0) return <p className="text-muted">No arguments.</p>;
  return (
    <div className="@container">
      <Value value={props.value} level={0} />
    </div>
  );
}

function Value(props: { value: Json; level: number }) {
  const { value, level } = props;
  if (typeof value === "string") {
    return value === "" ? (
      <span className="text-muted italic">empty</span>
    ) : (
      <ExactText text={value} />
    );
  }
  if (isObject(value) && level < MAX_LEVELS && Object.keys(value).length <= MAX_PARTS) {
    return <Members value={value} level={level} />;
  }
  if (isList(value) && level < MAX_LEVELS && value.length > 0 && value.length <= MAX_PARTS) {
    return (
      <ol className="flex list-decimal flex-col gap-1 pl-5 marker:text-muted marker:text-xs">
        {value.map((each, at) => (
          <li key={at}>
            <Value value={each} level={level + 1} />
          </li>
        ))}
      </ol>
    );
  }
  return <ExactText className="font-mono text-[0.8125rem]" text={writeJson(value)} />;
}

function Members(props: { value: JsonObject; level: number }) {
  return (
    <dl className="grid grid-cols-1 gap-x-4 gap-y-1 @sm:grid-cols-[minmax(5rem,max-content)_1fr]">
      {Object.entries(props.value).map(([name, member]) => (
        <div key={name} className="contents">
          <dt className="max-w-56 break-words pt-px text-muted text-xs leading-5">
            <ExactText text={name} />
          </dt>
          <dd className="min-w-0">
            <Value value={member} level={props.level + 1} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
