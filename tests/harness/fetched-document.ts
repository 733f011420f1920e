import { Ajv2020 } from "ajv/dist/2020.js";

type Parts = Readonly<Record<string, unknown>>;

const isParts = (value: unknown): value is Parts => typeof value === "object" && value !== null;

/** An OpenAPI or AsyncAPI document as a stranger has it: what is not in there is not known. */
export class FetchedDocument {
  readonly #root: unknown;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(root: unknown) {
    this.#root = root;
    for (const format of ["uuid", "date-time", "binary"]) this.#ajv.addFormat(format, true);
    this.#ajv.addSchema(closed(root) as object, "document");
  }

  /** What is at a path, references on the way followed; undefined where there is nothing. */
  find(...path: readonly string[]): unknown {
    let part = this.#root;
    for (const key of path) {
      part = isParts(part) ? part[key] : undefined;
      while (isParts(part) && typeof part["$ref"] === "string") part = this.find(...part["$ref"].split("/").slice(1));
    }
    return part;
  }

  /** The names of what is at a path; none where there is nothing. */
  names(...path: readonly string[]): readonly string[] {
    const part = this.find(...path);
    return isParts(part) ? Object.keys(part) : [];
  }

  /** @throws Error where it is no text */
  text(...path: readonly string[]): string {
    const part = this.find(...path);
    if (typeof part === "string") return part;
    throw new Error(`the document has no text at ${path.join(" ")}`);
  }

  /**
   * What is wrong with a value by the schema at a path; a field that the schema does not name is wrong too. Empty where nothing
   * is.
   */
  problems(value: unknown, ...path: readonly string[]): readonly string[] {
    const pointer = path.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const validate = this.#ajv.getSchema(`document#/${pointer}`);
    if (validate === undefined) return [`no schema at ${path.join(" ")}`];
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }
}

function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (!isParts(part)) return part;
  const copy: Record<string, unknown> = Object.fromEntries(Object.entries(part).map(([key, of]) => [key, closed(of)]));
  return copy["type"] === "object" && copy["properties"] !== undefined
    ? { additionalProperties: false, ...copy }
    : copy;
}
