import { errorCodes, type GrpcCode, toCaxtonError } from "@caxton/contracts/errors";
import type { Logger } from "@caxton/telemetry/logger";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** Where the code of our vocabulary stands in an error's metadata. */
export const codeHeader = "caxton-code";

const connectCodes: Readonly<Record<GrpcCode, Code>> = {
  aborted: Code.Aborted,
  already_exists: Code.AlreadyExists,
  deadline_exceeded: Code.DeadlineExceeded,
  failed_precondition: Code.FailedPrecondition,
  internal: Code.Internal,
  invalid_argument: Code.InvalidArgument,
  not_found: Code.NotFound,
  out_of_range: Code.OutOfRange,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  unimplemented: Code.Unimplemented,
};

/** The one place where our errors become those of gRPC and Connect. */
export function mapErrors(log: Logger): Interceptor {
  return (next) => async (request) => {
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: mapStream(response.message, log, request.method.name) };
    } catch (error) {
      throw toConnectError(error, log, request.method.name);
    }
  };
}

async function* mapStream<Message>(
  messages: AsyncIterable<Message>,
  log: Logger,
  method: string,
): AsyncGenerator<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw toConnectError(error, log, method);
  }
}

function toConnectError(error: unknown, log: Logger, method: string): ConnectError {
  if (error instanceof ConnectError) return error;
  const { code, message, stack } = toCaxtonError(error);
  if (code === "internal") log.error({ code, method, stack }, message);
  return new ConnectError(message, connectCodes[errorCodes[code].grpc], { [codeHeader]: code });
}
