// Compresses the built files, beside each: the daemon sends the copy that a browser accepts.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ASSETS = "dist/assets";
const COMPRESSED = /\.(js|css|svg)$/;
/** Bytes below which a header costs as much as it saves. */
const SMALL = 1000;

for (const name of readdirSync(ASSETS)) {
  const file = join(ASSETS, name);
  if (!COMPRESSED.test(name)) continue;
  const content = readFileSync(file);
  if (content.length < SMALL) continue;
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
  writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
}
