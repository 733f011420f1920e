import type { Context } from "@opentelemetry/api";

export type Trace = Context;
