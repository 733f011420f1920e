import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** A file of lines, written before anything is answered: it survives kill -9 of its writer, which is all that is asked of it. */
export class Journal<Entry> {
  readonly entries: readonly Entry[];
  readonly #file: string | undefined;

  /** In memory only where no file is given. */
  constructor(file?: string) {
    this.#file = file;
    const text = file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "";
    // The last line is whole or was never answered.
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    this.entries = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Entry);
  }

  write(entry: Entry): void {
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}
