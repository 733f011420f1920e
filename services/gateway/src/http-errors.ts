import { CaxtonError, errorCodes, type GrpcCode, toCaxtonError } from "@caxton/contracts/errors";
import type { Logger } from "@caxton/telemetry/logger";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** A body that was refused early is read on and thrown away for so long, so that its sender gets to see the answer. */
const discardMaxMs = 10_000;

const statuses: Readonly<Partial<Record<GrpcCode, number>>> = {
  already_exists: 409,
  deadline_exceeded: 504,
  failed_precondition: 412,
  invalid_argument: 400,
  not_found: 404,
  permission_denied: 403,
  resource_exhausted: 429,
  unavailable: 503,
  unimplemented: 501,
};

/** On the plain HTTP routes an error is `{"code", "message"}` with a fitting status. */
export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = fromFastify(thrown);
    if (error.code === "internal") log.error({ code: error.code, stack: error.stack }, error.message);
    discardRest(request);
    return reply.code(statusOf(error)).send({ code: error.code, message: error.message });
  });
}

/** What fastify itself refuses carries a status of the 400s. */
function fromFastify(thrown: unknown): CaxtonError {
  const error = toCaxtonError(thrown);
  const status = thrown instanceof Error && "statusCode" in thrown ? thrown.statusCode : undefined;
  if (status === 413) return new CaxtonError("message-too-large", error.message, { cause: thrown });
  const isTheirs = typeof status === "number" && status >= 400 && status < 500;
  return isTheirs ? new CaxtonError("invalid-argument", error.message, { cause: thrown }) : error;
}

function statusOf({ code }: CaxtonError): number {
  if (code === "artifact-too-large" || code === "message-too-large") return 413;
  return statuses[errorCodes[code].grpc] ?? 500;
}

function discardRest({ raw }: FastifyRequest): void {
  if (raw.complete) return;
  const timer = setTimeout(() => raw.socket.destroy(), discardMaxMs);
  raw.once("close", () => clearTimeout(timer));
  raw.resume();
}
