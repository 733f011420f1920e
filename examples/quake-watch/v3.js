// quake-watch, version 3: says how an event was located. Its author tried it on events that say so; many real ones do not.
import { write } from "caxton:agent/log@0.1.0";

const RULE = "v3";

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
  required: ["rule", "event", "item", "level", "reasons", "confidence", "located", "at"],
  additionalProperties: false,
  properties: {
    rule: { const: RULE },
    event: text,
    item: { type: ["integer", "null"] },
    level: { enum: ["yellow", "orange", "red"] },
    reasons: { type: "array", minItems: 1, items: { enum: ["significance", "felt", "tsunami"] } },
    confidence: { enum: ["low", "high"] },
    located: text,
    at: { type: "string", minLength: 20 },
  },
};

const examples = [
  {
    id: "us1000chhc",
    mag: 6.4,
    magType: "mww",
    place: "22km NNE of Hualian, Taiwan",
    time: 1517932242400,
    type: "earthquake",
    felt: 261,
    tsunami: 0,
    sig: 800,
    nst: 48,
    gap: 34,
    depthKm: 10.64,
  },
  {
    id: "mb80280489",
    mag: -0.07,
    magType: "md",
    place: "15km N of Dillon, Montana",
    time: 1517930690870,
    type: "earthquake",
    felt: null,
    tsunami: 0,
    sig: 0,
    nst: 5,
    gap: 164,
    depthKm: 5.99,
  },
  {
    id: "nn00620865",
    mag: 2,
    magType: "ml",
    place: "58km NE of Eureka, Nevada",
    time: 1517939290089,
    type: "explosion",
    felt: 1,
    tsunami: 0,
    sig: 62,
    nst: 5,
    gap: 91.05,
    depthKm: 0,
    item: 7,
  },
];

const settings = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  additionalProperties: false,
  // From which significance (sig) on an earthquake is worth an alert; 100 unless given.
  properties: { minSignificance: { type: "integer", minimum: 0, maximum: 1_000 } },
};

export function describe() {
  return JSON.stringify({
    name: "quake-watch",
    shortName: "quake",
    version: "3.0.0",
    description: "Alerts people to earthquakes that matter to them, and says how they were located.",
    accepts: [{ kind: "event", schema: event, examples }],
    emits: [{ kind: "alert", schema: alert }],
    configuration: { schema: settings, examples: [{}, { minSignificance: 250 }] },
  });
}

function reasonsFor({ sig = 0, felt, tsunami }, minSignificance) {
  const reasons = [];
  if (sig >= minSignificance) reasons.push("significance");
  if (typeof felt === "number" && felt >= 3) reasons.push("felt");
  if (tsunami === 1) reasons.push("tsunami");
  return reasons;
}

function levelOf({ sig = 0, tsunami }) {
  if (tsunami === 1 || sig >= 600) return "red";
  return sig >= 300 ? "orange" : "yellow";
}

/** Few stations, or stations on one side only, locate an event badly; an unknown number of either says nothing good. */
function confidenceIn({ nst, gap }) {
  return typeof nst === "number" && nst >= 10 && typeof gap === "number" && gap <= 180 ? "high" : "low";
}

function locatedBy({ nst, gap }) {
  return `by ${nst.toFixed()} stations, the widest gap between them ${gap.toFixed()}°`;
}

export function handle(message, configuration) {
  const quake = JSON.parse(message.body);
  const located = locatedBy(quake);
  const { minSignificance = 100 } = JSON.parse(configuration);
  const reasons = quake.type === "earthquake" ? reasonsFor(quake, minSignificance) : [];
  if (reasons.length === 0) return [];
  const level = levelOf(quake);
  if (level === "red") write("warn", `${reasons.join(", ")}: ${quake.place}`);
  const body = {
    rule: RULE,
    event: quake.id,
    item: quake.item ?? null,
    level,
    reasons,
    confidence: confidenceIn(quake),
    located,
    at: new Date(quake.time).toISOString(),
  };
  return [{ kind: "alert", body: JSON.stringify(body) }];
}
