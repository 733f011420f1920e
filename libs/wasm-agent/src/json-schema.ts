import { CaxtonError } from "@caxton/contracts/errors";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";

/** Returns what is wrong with a value, or undefined. */
export type Check = (value: unknown) => string | undefined;

const maxSchemaBytes = 65_536;
const valueToldMax = 100;
/** Schemas stay unknown to each other, so that an `$id` used twice does not clash. */
const ajv = new Ajv2020({ strict: false, validateFormats: false, verbose: true, addUsedSchema: false, logger: false });

/**
 * Compiles one JSON Schema 2020-12. References must stay inside the schema; nothing is fetched. Formats are annotations,
 * as the specification has it. Compiling makes code out of the schema: call it only where the agent itself may run.
 * @param where names the schema in errors
 * @param tellsValue whether what is wrong is told with the value that was found
 * @throws CaxtonError `schema-invalid`
 */
export function compileSchema(where: string, schema: unknown, tellsValue = false): Check {
  const bytes = JSON.stringify(schema).length;
  if (bytes > maxSchemaBytes) {
    throw new CaxtonError(
      "schema-invalid",
      `${where}: the schema has ${bytes} bytes, the most accepted is ${maxSchemaBytes}`,
    );
  }
  if (typeof schema !== "boolean" && (typeof schema !== "object" || schema === null)) {
    throw new CaxtonError("schema-invalid", `${where}: a schema is an object or a boolean`);
  }
  try {
    const validate = ajv.compile(schema);
    if ("$async" in validate) throw new TypeError("$async is not JSON Schema");
    return (value) => (validate(value) ? undefined : explain(validate.errors?.[0], tellsValue));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CaxtonError("schema-invalid", `${where}: ${reason.slice(0, 500)}`, { cause: error });
  }
}

/** The place as a JSON pointer, and what was expected there. */
function explain(error: ErrorObject | undefined, tellsValue: boolean): string {
  if (error === undefined) return "does not satisfy its schema";
  const place = error.instancePath === "" ? "the value" : error.instancePath;
  const params: Readonly<Record<string, unknown>> = error.params;
  const detail = params["additionalProperty"] ?? params["allowedValues"] ?? params["allowedValue"];
  const found = tellsValue ? ` is ${shortened(error.data)} and` : "";
  return `${place}${found} ${error.message ?? "is not valid"}${detail === undefined ? "" : `: ${JSON.stringify(detail)}`}`;
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > valueToldMax ? `${text.slice(0, valueToldMax)}…` : text;
}
