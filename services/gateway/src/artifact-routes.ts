import type { IncomingMessage } from "node:http";
import type { Bus, ObjectBucket } from "@caxton/bus/types";
import { CaxtonError } from "@caxton/contracts/errors";
import { type ArtifactReceived, httpRoutes } from "@caxton/contracts/http-routes";
import { artifactMaxBytes } from "@caxton/contracts/limits";
import { isDigest } from "@caxton/contracts/names";
import { artifactBucket } from "@caxton/contracts/subjects";
import type { Logger } from "@caxton/telemetry/logger";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { checkedUpload, tooLarge } from "./checked-upload.ts";
import { answerErrors } from "./http-errors.ts";
import { placeOf } from "./http-route.ts";

interface ByDigest {
  Params: { digest: string };
}

/** `PUT` and `HEAD /artifacts/<digest>`: nothing is visible before all its bytes came and are what was announced. */
export function artifactRoutes(bus: Bus, log: Logger): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    const bucket = await bus.objects(artifactBucket);
    answerErrors(app, log);
    // The handler reads the body itself, as it comes.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));

    app.route<ByDigest>({
      ...placeOf(httpRoutes.findArtifact),
      async handler(request, reply) {
        const sizeBytes = await bucket.sizeBytes(requireDigest(request.params.digest));
        if (sizeBytes === undefined) return reply.code(404).send();
        return reply.header("content-length", sizeBytes).send();
      },
    });

    app.route<ByDigest>({
      ...placeOf(httpRoutes.storeArtifact),
      async handler(request, reply) {
        const { digest } = request.params;
        const { sizeBytes, stored } = await receive(request, bucket);
        log.info({ event: "artifact", digest, size_bytes: sizeBytes, stored }, "artifact received");
        const received: ArtifactReceived = { digest, sizeBytes, stored };
        return reply.code(stored ? 201 : 200).send(received);
      },
    });
  };
}

async function receive(
  request: FastifyRequest<ByDigest>,
  bucket: ObjectBucket,
): Promise<{ readonly sizeBytes: number; readonly stored: boolean }> {
  const digest = requireDigest(request.params.digest);
  const announcedBytes = Number(request.headers["content-length"] ?? 0);
  if (announcedBytes > artifactMaxBytes) throw tooLarge(String(announcedBytes), artifactMaxBytes);
  const upload = checkedUpload({ digest, maxBytes: artifactMaxBytes });
  const writer = upload.stream.writable.getWriter();
  const known = await bucket.has(digest);
  // The first fault is the one to tell, whatever the bucket makes of a stream that broke off.
  let fault: unknown;
  const passed = passOn(request.raw, writer).catch((error: unknown) => {
    fault = error;
  });
  try {
    if (known) await upload.stream.readable.pipeTo(new WritableStream());
    else await bucket.put(digest, upload.stream.readable);
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    await passed;
    throw fault ?? error;
  }
  return { sizeBytes: upload.sizeBytes, stored: !known };
}

/** No more is read than is taken. The request is not destroyed by a fault, so that it can still be answered. */
async function passOn(body: IncomingMessage, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      if (chunk instanceof Uint8Array) await writer.write(chunk);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
}

/** @throws CaxtonError `invalid-argument` */
function requireDigest(text: string): string {
  if (isDigest(text)) return text;
  throw new CaxtonError(
    "invalid-argument",
    `'${text.slice(0, 80)}' is no digest: the sha256 of the artifact in 64 lower-case hex digits`,
  );
}
