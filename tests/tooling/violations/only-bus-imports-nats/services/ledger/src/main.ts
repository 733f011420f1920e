import type { NatsConnection } from "@nats-io/nats-core";

export type Connection = NatsConnection;
