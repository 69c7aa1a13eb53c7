import { CircleCheck, FlaskConical, KeyRound, Star } from "lucide-react";
import { Badge, Chip } from "@/parts/desk/badge";
import { formatCount } from "@/parts/figures";
import { Button } from "@/ui/button";
import { formatPrice, type ModelView } from "../-models";
import { TestResult } from "./test_result";
import type { Tests } from "./use_tests";

export function ModelRow(props: { model: ModelView; tests: Tests; may: boolean }) {
  const { model, tests } = props;
  const test = tests.of(model.model);
  return (
    <li className="px-4 py-2.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 md:flex-nowrap">
        <div className="min-w-0 flex-1 basis-52">
          <p className="flex flex-wrap items-center gap-x-3">
            <span className="min-w-0 truncate font-medium">
              {model.model.slice(model.model.indexOf("/") + 1)}
            </span>
            {model.ready ? (
              <Badge icon={CircleCheck} tone="good">
                ready
              </Badge>
            ) : (
              <Badge icon={KeyRound} tone="quiet">
                no key
              </Badge>
            )}
            {model.default && (
              <Badge icon={Star} tone="info">
                default
              </Badge>
            )}
          </p>
          <p className="mt-1 flex flex-wrap gap-1">
            {model.capabilities.map((each) => (
              <Chip key={each}>{each}</Chip>
            ))}
          </p>
        </div>
        <span className="text-muted text-xs md:w-20 md:text-right">
          {formatCount(model.context)}
          <span className="md:sr-only"> tokens of context</span>
        </span>
        <span className="whitespace-nowrap text-xs md:w-44 md:text-right">
          <Price model={model} />
        </span>
        {props.may && (
          <span className="ml-auto md:w-20 md:text-right">
            <Button
              size="sm"
              aria-label={`Test ${model.model}`}
              disabled={test === "running"}
              onClick={() => tests.run(model.model)}
            >
              <FlaskConical aria-hidden /> Test
            </Button>
          </span>
        )}
      </div>
      {test && <TestResult test={test} />}
    </li>
  );
}

function Price({ model: { price } }: { model: ModelView }) {
  if (!price) return <span className="text-muted">unknown</span>;
  const extra = price.cache_write
    ? `Writing to the cache: ${formatPrice(price.cache_write)}`
    : undefined;
  return (
    <span title={extra}>
      {formatPrice(price.input)} <span className="text-muted">·</span> {formatPrice(price.cached)}{" "}
      <span className="text-muted">·</span> {formatPrice(price.output)}
    </span>
  );
}
