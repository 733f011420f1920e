import { EventEmitter, setMaxListeners } from "node:events";
import type { Journal } from "./journal.ts";

/** Bytes as they came, base64 in the journal. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: string;
  readonly metadata: string;
}

export interface StoredEvent extends ProposedEvent {
  readonly stream: string;
  readonly revision: bigint;
  /** Commit and prepare position in $all; it grows, with gaps. */
  readonly position: bigint;
  readonly createdMs: number;
}

export type Expected = "any" | "no-stream" | "stream-exists" | bigint;

export type Appended =
  | { readonly kind: "stored"; readonly revision: bigint }
  /** -1 for none. */
  | { readonly kind: "wrong-revision"; readonly actual: bigint }
  | { readonly kind: "deleted" }
  | { readonly kind: "too-large"; readonly maxBytes: number };

export type Entry =
  | {
      readonly kind: "append";
      readonly stream: string;
      readonly events: readonly ProposedEvent[];
      readonly atMs: number;
    }
  | { readonly kind: "delete" | "tombstone"; readonly stream: string; readonly atMs: number };

interface Stream {
  readonly events: StoredEvent[];
  /** What a soft delete hid lies below it. */
  firstVisible: number;
  isTombstoned: boolean;
}

const maxAppendBytes = 1024 * 1024;
const lastRevisionOfAll = 2n ** 63n - 1n;

/** Streams in memory, as FIELD-NOTES says that a server treats them; what was answered is in the journal first. */
export class Database {
  readonly all: StoredEvent[] = [];
  /** Emits `stored` with each event, after it can be read. */
  readonly changes = new EventEmitter();
  readonly #journal: Journal<Entry>;
  readonly #streams = new Map<string, Stream>();
  /** Where an id went that was appended without a revision; a restart forgets it. */
  readonly #recent = new Map<string, bigint>();

  constructor(journal: Journal<Entry>) {
    setMaxListeners(0, this.changes);
    this.#journal = journal;
    for (const entry of journal.entries) this.#apply(entry);
  }

  /** What can be read, from this revision on; `deleted` for good, or `undefined` where there is nothing. */
  read(name: string, from: bigint): readonly StoredEvent[] | "deleted" {
    const stream = this.#streams.get(name);
    if (stream === undefined) return [];
    if (stream.isTombstoned) return "deleted";
    return stream.events.slice(Math.max(stream.firstVisible, Number(from)));
  }

  append(name: string, expected: Expected, events: readonly ProposedEvent[]): Appended {
    const stream = this.#streams.get(name);
    const length = stream?.events.length ?? 0;
    const actual = BigInt(length - 1);
    if (stream?.isTombstoned === true) return { kind: "deleted" };
    if (sizeOf(events) > maxAppendBytes) return { kind: "too-large", maxBytes: maxAppendBytes };
    if (events.length === 0) return { kind: "stored", revision: actual };
    const isThere = length > (stream?.firstVisible ?? 0);
    if (expected === "stream-exists" ? !isThere : expected === "no-stream" && isThere)
      return this.#repeated(stream, expected, events) ?? { kind: "wrong-revision", actual };
    if (typeof expected === "bigint" && expected !== actual)
      return this.#repeated(stream, expected, events) ?? { kind: "wrong-revision", actual };
    const earlier = expected === "any" ? this.#recent.get(`${name} ${events[0]?.id ?? ""}`) : undefined;
    if (earlier !== undefined) return { kind: "stored", revision: earlier };
    this.#write({ kind: "append", stream: name, events, atMs: Date.now() });
    const revision = actual + BigInt(events.length);
    if (expected === "any") this.#recent.set(`${name} ${events[0]?.id ?? ""}`, revision);
    return { kind: "stored", revision };
  }

  /** @returns whether there was something */
  delete(name: string, kind: "delete" | "tombstone"): "done" | "deleted" {
    if (this.#streams.get(name)?.isTombstoned === true) return "deleted";
    this.#write({ kind, stream: name, atMs: Date.now() });
    return "done";
  }

  /** The same ids at the same revision as before: the original result. */
  #repeated(
    stream: Stream | undefined,
    expected: Expected,
    events: readonly ProposedEvent[],
  ): (Appended & { readonly kind: "stored" }) | undefined {
    const first = expected === "no-stream" ? 0 : typeof expected === "bigint" ? Number(expected) + 1 : undefined;
    if (stream === undefined || first === undefined) return undefined;
    const isSame = events.every(({ id }, index) => stream.events[first + index]?.id === id);
    return isSame ? { kind: "stored", revision: BigInt(first + events.length - 1) } : undefined;
  }

  #write(entry: Entry): void {
    this.#journal.write(entry);
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    const { stream, atMs } = entry;
    if (entry.kind === "append") {
      for (const event of entry.events) this.#add(stream, event, atMs);
      return;
    }
    const found = this.#streams.get(stream) ?? this.#make(stream);
    if (entry.kind === "delete") {
      found.firstVisible = found.events.length;
      this.#add(`$$${stream}`, metadataEvent(stream, found.firstVisible), atMs);
      return;
    }
    found.isTombstoned = true;
    // In the stream itself and in $all, with the last revision there is.
    const tombstone = {
      id: idOf(`${stream} tombstone`),
      type: "$streamDeleted",
      contentType: "application/octet-stream",
    };
    this.#publish({ ...tombstone, data: "", metadata: "", ...this.#placed(stream, lastRevisionOfAll, atMs) });
  }

  #add(name: string, event: ProposedEvent, atMs: number): void {
    const stream = this.#streams.get(name) ?? this.#make(name);
    const stored = { ...event, ...this.#placed(name, BigInt(stream.events.length), atMs) };
    stream.events.push(stored);
    this.#publish(stored);
  }

  #placed(stream: string, revision: bigint, createdMs: number): Omit<StoredEvent, keyof ProposedEvent> {
    return { stream, revision, createdMs, position: BigInt(this.all.length + 1) * 137n };
  }

  #publish(event: StoredEvent): void {
    this.all.push(event);
    this.changes.emit("stored", event);
  }

  #make(name: string): Stream {
    const made = { events: [], firstVisible: 0, isTombstoned: false };
    this.#streams.set(name, made);
    return made;
  }
}

function metadataEvent(stream: string, truncateBefore: number): ProposedEvent {
  const data = Buffer.from(JSON.stringify({ $tb: truncateBefore })).toString("base64");
  return {
    id: idOf(`${stream} ${truncateBefore}`),
    type: "$metadata",
    contentType: "application/json",
    data,
    metadata: "",
  };
}

/** A UUID that is the same whenever the journal is read. */
function idOf(text: string): string {
  const hex = Buffer.from(text).toString("hex").padEnd(32, "0").slice(0, 32);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function sizeOf(events: readonly ProposedEvent[]): number {
  const bytes = (base64: string): number => Buffer.byteLength(base64, "base64");
  return events.reduce((sum, { data, metadata, type }) => sum + bytes(data) + bytes(metadata) + 2 * type.length, 0);
}
