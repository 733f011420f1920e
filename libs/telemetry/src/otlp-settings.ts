import { CaxtonError } from "@caxton/contracts/errors";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where telemetry is sent by OTLP; absent: not sent. */
export interface OtlpSettings {
  readonly tracesUrl?: string;
  readonly metricsUrl?: string;
  readonly metricsEveryMs: number;
  /** How long a collector may take, retries included. */
  readonly timeoutMs: number;
  /** `OTEL_SERVICE_NAME` where given. */
  readonly serviceName?: string;
}

const defaultMetricsEveryMs = 60_000;
const defaultTimeoutMs = 10_000;
const maxMs = 24 * 60 * 60 * 1000;

/**
 * The standard variables, https://opentelemetry.io/docs/specs/otel/protocol/exporter/; without an endpoint nothing is sent.
 * Headers and compression are read by the exporters themselves.
 * @throws CaxtonError `invalid-argument` naming the variable and its value
 */
export function otlpSettings(environment: Environment): OtlpSettings {
  const serviceName = given(environment, "OTEL_SERVICE_NAME");
  const name = serviceName === undefined ? {} : { serviceName };
  const times = {
    metricsEveryMs: milliseconds(environment, "OTEL_METRIC_EXPORT_INTERVAL", defaultMetricsEveryMs),
    timeoutMs: milliseconds(environment, "OTEL_EXPORTER_OTLP_TIMEOUT", defaultTimeoutMs),
  };
  if (given(environment, "OTEL_SDK_DISABLED") === "true") return { ...times, ...name };
  const tracesUrl = endpoint(environment, "TRACES", "v1/traces");
  const metricsUrl = endpoint(environment, "METRICS", "v1/metrics");
  return {
    ...(tracesUrl === undefined ? {} : { tracesUrl }),
    ...(metricsUrl === undefined ? {} : { metricsUrl }),
    ...times,
    ...name,
  };
}

function endpoint(environment: Environment, signal: "TRACES" | "METRICS", path: string): string | undefined {
  const selector = `OTEL_${signal}_EXPORTER`;
  const exporter = given(environment, selector) ?? "otlp";
  if (exporter === "none") return undefined;
  // Prometheus text is always there to be fetched, so that asking for it alone sends nothing.
  if (exporter === "prometheus" && signal === "METRICS") return undefined;
  if (exporter !== "otlp") throw wrong(selector, exporter, "'otlp' or 'none'");
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const common = "OTEL_EXPORTER_OTLP_ENDPOINT";
  const ownText = given(environment, own);
  const commonText = given(environment, common);
  if (ownText === undefined && commonText === undefined) return undefined;
  requireJson(environment, signal);
  if (ownText !== undefined) return httpUrl(own, ownText);
  const base = httpUrl(common, commonText ?? "");
  return new URL(path, base.endsWith("/") ? base : `${base}/`).href;
}

function httpUrl(name: string, text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw wrong(name, text, "an http or https URL, such as http://127.0.0.1:4318");
  return url.href;
}

/** Collectors take JSON where they take OTLP over HTTP at all. */
function requireJson(environment: Environment, signal: string): void {
  for (const name of [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
    const protocol = given(environment, name);
    if (protocol !== undefined && protocol !== "http/json") throw wrong(name, protocol, "'http/json' only");
  }
}

function milliseconds(environment: Environment, name: string, unlessGiven: number): number {
  const text = given(environment, name);
  if (text === undefined) return unlessGiven;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 100 && value <= maxMs) return value;
  throw wrong(name, text, `a whole number of ms from 100 to ${maxMs}`);
}

function given(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === "" ? undefined : text;
}

function wrong(name: string, text: string, takes: string): CaxtonError {
  return new CaxtonError("invalid-argument", `${name} is '${text}'; it takes ${takes}`);
}
