import { AgentDescription } from "@caxton/contracts/agent-description";
import { CaxtonError } from "@caxton/contracts/errors";
import { checker } from "@caxton/contracts/schema";
import { outputKey } from "./contract.ts";

const description = checker("the description", AgentDescription, "description-invalid");
const maxTextBytes = 262_144;

/**
 * What `describe()` returned, checked in form; the schemas in it are checked where they are compiled (contract.ts).
 * @throws CaxtonError `description-invalid`
 */
export function parseDescription(text: string): AgentDescription {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxTextBytes) {
    throw new CaxtonError(
      "description-invalid",
      `the description has ${bytes} bytes, the most accepted is ${maxTextBytes}`,
    );
  }
  const parsed = description.check(parseJson(text));
  requireDistinct(
    "accepts",
    parsed.accepts.map((accepted) => accepted.kind),
  );
  requireDistinct(
    "emits",
    parsed.emits.map((emitted) => outputKey(emitted.kind, emitted.to)),
  );
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const start = text.slice(0, 60);
    throw new CaxtonError("description-invalid", `describe() returned '${start}', which is not JSON`, { cause: error });
  }
}

function requireDistinct(list: string, keys: readonly string[]): void {
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice === undefined) return;
  throw new CaxtonError("description-invalid", `the description names '${twice}' twice in ${list}`);
}
