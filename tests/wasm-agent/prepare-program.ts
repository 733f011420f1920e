/** Prepares a component in a process that prepare.test.ts kills half-way; tells when the work is about to begin. */
import { readFile } from "node:fs/promises";
import { prepareComponent } from "@caxton/wasm-agent/prepare";
import { mebibyte, sha256 } from "./agent-harness.ts";

const [file = "", cacheDir = ""] = process.argv.slice(2);
const bytes = await readFile(file);
const work = prepareComponent({ bytes, digest: sha256(bytes), cacheDir, memoryMaxBytes: 32 * mebibyte });
process.send?.("working");
await work;
