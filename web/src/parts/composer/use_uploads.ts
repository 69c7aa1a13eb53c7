import { useEffect, useRef, useState } from "react";
import { Problem } from "@/api/problem";
import { type Uploaded, uploadFile } from "./upload";

export interface Uploading {
  key: string;
  name: string;
  size: number;
  /** From 0 to 1. */
  done: number;
  problem?: Problem;
}

/** Uploads that are in progress or have failed; those that are done go to `onDone`. */
export function useUploads(onDone: (file: Uploaded) => void) {
  const [list, setList] = useState<readonly Uploading[]>([]);
  const aborts = useRef(new Map<string, AbortController>());
  const done = useRef(onDone);
  done.current = onDone;
  const count = useRef(0);
  useEffect(() => {
    const running = aborts.current;
    return () => {
      for (const each of running.values()) each.abort();
    };
  }, []);

  const change = (key: string, fields: Partial<Uploading>) =>
    setList((before) => before.map((each) => (each.key === key ? { ...each, ...fields } : each)));
  const remove = (key: string) => {
    aborts.current.get(key)?.abort();
    aborts.current.delete(key);
    setList((before) => before.filter((each) => each.key !== key));
  };
  const add = (files: Iterable<File>) => {
    for (const file of files) {
      count.current += 1;
      const key = `${count.current}`;
      const abort = new AbortController();
      aborts.current.set(key, abort);
      setList((before) => [...before, { key, name: file.name, size: file.size, done: 0 }]);
      uploadFile(file, (part) => change(key, { done: part }), abort.signal).then(
        (uploaded) => {
          remove(key);
          done.current(uploaded);
        },
        (error: unknown) => {
          if (!abort.signal.aborted) change(key, { problem: Problem.of(error) });
        },
      );
    }
  };
  return { list, add, remove };
}
