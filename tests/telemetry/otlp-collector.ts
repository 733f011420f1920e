import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly service: string;
  /** Its `agent_id`. */
  readonly agent: string;
  /** Its `deployment_id`; empty where it has none. */
  readonly deployment: string;
}

/** Takes OTLP over HTTP as JSON and keeps it. */
export interface OtlpCollector extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  readonly metricNames: ReadonlySet<string>;
  /** Resolves with the spans when they are as wanted. */
  until(wanted: (spans: readonly CollectedSpan[]) => boolean): Promise<readonly CollectedSpan[]>;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

type SentSpan = Omit<CollectedSpan, "service" | "agent" | "deployment"> & { readonly attributes: readonly Attribute[] };

interface Body {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

function textOf(attributes: readonly Attribute[], name: string): string {
  return attributes.find(({ key }) => key === name)?.value.stringValue ?? "";
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const metricNames = new Set<string>();
  const waiting = new Set<() => void>();

  function take({ resourceSpans = [], resourceMetrics = [] }: Body): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = textOf(resource.attributes, "service.name");
      const sent = scopeSpans.flatMap((scope) => scope.spans);
      spans.push(
        ...sent.map((span) => {
          const { attributes } = span;
          const deployment = textOf(attributes, "deployment_id");
          return { ...span, service, agent: textOf(attributes, "agent_id"), deployment };
        }),
      );
    }
    for (const { scopeMetrics } of resourceMetrics) {
      for (const { name } of scopeMetrics.flatMap(({ metrics }) => metrics)) metricNames.add(name);
    }
    for (const look of waiting) look();
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      take(JSON.parse(Buffer.concat(chunks).toString()) as Body);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    metricNames,
    async until(wanted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (wanted(spans)) resolve();
      };
      waiting.add(look);
      look();
      await promise;
      waiting.delete(look);
      return spans;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
