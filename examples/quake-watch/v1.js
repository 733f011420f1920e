// quake-watch, version 1: an alert by magnitude alone, for earthquakes of magnitude 2.5 and above.
import { write } from "caxton:agent/log@0.1.0";

const RULE = "v1";

const number = { type: "number" };
const unknownNumber = { type: ["number", "null"] };
const text = { type: "string" };

const event = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["id", "mag", "place", "time", "type"],
  properties: {
    id: { type: "string", minLength: 1 },
    mag: { type: "number", minimum: -5, maximum: 10 },
    magType: { type: ["string", "null"] },
    place: text,
    time: { type: "integer" },
    type: text,
    felt: unknownNumber,
    tsunami: { enum: [0, 1] },
    sig: { type: "integer" },
    nst: unknownNumber,
    gap: unknownNumber,
    depthKm: number,
    item: { type: "integer", minimum: 0 },
  },
};

const alert = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["rule", "event", "item", "level", "magnitude", "place", "text"],
  additionalProperties: false,
  properties: {
    rule: { const: RULE },
    event: text,
    item: { type: ["integer", "null"] },
    level: { enum: ["notice", "warning", "severe"] },
    magnitude: number,
    place: text,
    text,
  },
};

const examples = [
  {
    id: "us1000cglq",
    mag: 5.1,
    magType: "mb",
    place: "39km NNE of Hualian, Taiwan",
    time: 1517966638040,
    type: "earthquake",
    felt: 1,
    tsunami: 0,
    sig: 401,
    nst: null,
    gap: 128,
    depthKm: 10,
  },
  {
    id: "nc72967316",
    mag: -0.3,
    magType: "md",
    place: "6km NW of The Geysers, CA",
    time: 1517960000000,
    type: "earthquake",
    felt: null,
    tsunami: 0,
    sig: 1,
    nst: 5,
    gap: 201,
    depthKm: -1.2,
  },
  {
    id: "uw61373751",
    mag: 2.6,
    magType: "ml",
    place: "15km WSW of Princeton, Canada",
    time: 1517950000000,
    type: "explosion",
    sig: 104,
    item: 7,
  },
];

export function describe() {
  return JSON.stringify({
    name: "quake-watch",
    shortName: "quake",
    version: "1.0.0",
    description: "Alerts people to earthquakes, by magnitude.",
    accepts: [{ kind: "event", schema: event, examples }],
    emits: [{ kind: "alert", schema: alert }],
  });
}

function levelOf(magnitude) {
  if (magnitude >= 6) return "severe";
  if (magnitude >= 4.5) return "warning";
  return magnitude >= 2.5 ? "notice" : "none";
}

export function handle(message) {
  const { id, mag, place, type, item = null } = JSON.parse(message.body);
  const level = levelOf(mag);
  if (type !== "earthquake" || level === "none") return [];
  if (level === "severe") write("warn", `magnitude ${mag} ${place}`);
  const body = { rule: RULE, event: id, item, level, magnitude: mag, place, text: `M ${mag.toFixed(1)} - ${place}` };
  return [{ kind: "alert", body: JSON.stringify(body) }];
}
