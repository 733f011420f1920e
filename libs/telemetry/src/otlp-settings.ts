import { CaxtonError } from "@caxton/contracts/errors";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where telemetry is sent by OTLP; absent: not sent. */
export interface OtlpSettings {
  readonly tracesUrl?: string;
  readonly metricsUrl?: string;
  readonly metricsEveryMs: number;
  /** `OTEL_SERVICE_NAME` where given. */
  readonly serviceName?: string;
}

const defaultMetricsEveryMs = 60_000;
const maxMetricsEveryMs = 24 * 60 * 60 * 1000;

/**
 * The standard variables, https://opentelemetry.io/docs/specs/otel/protocol/exporter/; without an endpoint nothing is sent.
 * Headers, timeouts and compression are read by the exporters themselves.
 * @throws CaxtonError `invalid-argument` naming the variable and its value
 */
export function otlpSettings(environment: Environment): OtlpSettings {
  const serviceName = given(environment, "OTEL_SERVICE_NAME");
  const name = serviceName === undefined ? {} : { serviceName };
  if (given(environment, "OTEL_SDK_DISABLED") === "true") return { metricsEveryMs: defaultMetricsEveryMs, ...name };
  const tracesUrl = endpoint(environment, "TRACES", "v1/traces");
  const metricsUrl = endpoint(environment, "METRICS", "v1/metrics");
  return {
    ...(tracesUrl === undefined ? {} : { tracesUrl }),
    ...(metricsUrl === undefined ? {} : { metricsUrl }),
    metricsEveryMs: interval(environment),
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
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong(name, text, "an http or https URL, such as http://127.0.0.1:4318");
  return url.href;
}

/** Collectors take JSON where they take OTLP over HTTP at all. */
function requireJson(environment: Environment, signal: string): void {
  for (const name of [`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
    const protocol = given(environment, name);
    if (protocol !== undefined && protocol !== "http/json") throw wrong(name, protocol, "'http/json' only");
  }
}

function interval(environment: Environment): number {
  const name = "OTEL_METRIC_EXPORT_INTERVAL";
  const text = given(environment, name);
  if (text === undefined) return defaultMetricsEveryMs;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 100 && value <= maxMetricsEveryMs) return value;
  throw wrong(name, text, `a whole number of ms from 100 to ${maxMetricsEveryMs}`);
}

function given(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === "" ? undefined : text;
}

function wrong(name: string, text: string, takes: string): CaxtonError {
  return new CaxtonError("invalid-argument", `${name} is '${text}'; it takes ${takes}`);
}
