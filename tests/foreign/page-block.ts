import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The lines of a page's first block of a language after a heading. */
export async function blockOf(page: string, heading: string, language: string): Promise<string> {
  const text = await readFile(fileURLToPath(new URL(`../../docs/${page}`, import.meta.url)), "utf8");
  const after = text.slice(text.indexOf(heading));
  const [, block] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(after) ?? [];
  if (block === undefined) throw new Error(`${page} has no such block after ${heading}`);
  return block;
}

/** What differs from run to run, and how wide it is, made the same. */
export function anyTime(line: string): string {
  return line
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/[0-9a-f]{8}-(…|[0-9a-f-]{27})/g, "<uuid>")
    .replaceAll(/seq-\d+/g, "seq-<n>")
    .replaceAll(/\s+/g, " ")
    .trim();
}
