import { Paperclip, X } from "lucide-react";
import { useRef, useState } from "react";
import { Problem } from "@/api/problem";
import { formatBytes } from "@/parts/figures";
import { Button } from "@/ui/button";
import { uploadFile } from "./use_start";

interface Attached {
  key: number;
  name: string;
  size: number;
  /** Its id, once it has been uploaded. */
  id?: string;
  problem?: string;
}

export interface Files {
  list: readonly Attached[];
  ids: readonly string[];
  isUploading: boolean;
  add: (files: Iterable<File>) => void;
  remove: (key: number) => void;
}

/** Files that are uploaded as soon as they are chosen. */
export function useFiles(): Files {
  const [list, setList] = useState<readonly Attached[]>([]);
  const count = useRef(0);
  const change = (key: number, news: Partial<Attached>) =>
    setList((now) => now.map((each) => (each.key === key ? { ...each, ...news } : each)));
  return {
    list,
    ids: list.flatMap((each) => each.id ?? []),
    isUploading: list.some((each) => !each.id && !each.problem),
    add: (files) => {
      for (const file of files) {
        const key = ++count.current;
        setList((now) => [...now, { key, name: file.name, size: file.size }]);
        uploadFile(file).then(
          (id) => change(key, { id }),
          (error: unknown) => change(key, { problem: Problem.of(error).message }),
        );
      }
    },
    remove: (key) => setList((now) => now.filter((each) => each.key !== key)),
  };
}

export function StartFiles(props: { files: Files; fault: string | undefined }) {
  const { files, fault } = props;
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="flex flex-col gap-1.5">
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          files.add(event.target.files ?? []);
          event.target.value = "";
        }}
      />
      <Button size="sm" className="self-start" onClick={() => input.current?.click()}>
        <Paperclip aria-hidden /> Attach files
      </Button>
      {files.list.length > 0 && (
        <ul aria-label="Attached files" className="flex flex-col gap-0.5 text-xs">
          {files.list.map((file) => (
            <li key={file.key} className="flex items-center gap-2">
              <span className="min-w-0 truncate">{file.name}</span>
              <span className="shrink-0 text-muted">{formatBytes(file.size)}</span>
              <span role="status" className={file.problem ? "text-bad" : "text-muted"}>
                {file.problem ?? (file.id ? "" : "uploading")}
              </span>
              <Button
                size="icon"
                tone="quiet"
                aria-label={`Remove ${file.name}`}
                onClick={() => files.remove(file.key)}
              >
                <X />
              </Button>
            </li>
          ))}
        </ul>
      )}
      {fault && <p className="text-bad text-xs">{fault}</p>}
    </div>
  );
}
