/** Names and values that tell series of one metric apart. Values come from bounded sets: agents, versions, codes. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  /** How many lay in each bucket, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

interface FamilyHead {
  readonly name: string;
  readonly help: string;
}

/** A metric with all its series as they are now. */
export type Family =
  | (FamilyHead & { readonly kind: "counter" | "gauge"; readonly samples: readonly Sample[] })
  | (FamilyHead & {
      readonly kind: "histogram";
      /** Upper bounds of the buckets, in the metric's unit. */
      readonly bounds: readonly number[];
      readonly samples: readonly HistogramSample[];
    });

export interface Counter {
  add(labels: Labels, by?: number): void;
  /** Forgets the series with these labels, whatever others they have. */
  forget(labels: Labels): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
  forget(labels: Labels): void;
}

export type GaugeReader = () => readonly Sample[] | Promise<readonly Sample[]>;

/** Most series of one metric; what would come above is counted in `caxton_telemetry_series_refused_total`. */
const maxSeries = 2_000;
/** What a reader does not say by then is left out of this collection. */
const readTimeoutMs = 1_000;
const refusedName = "caxton_telemetry_series_refused_total";

/** In seconds: from 1 ms to 10 min. */
export const secondsBounds = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600,
] as const;

/** The metrics of one process. Written to without any cost to speak of; read when somebody asks. */
export class Metrics {
  readonly #counters = new Map<string, Series<{ value: number }>>();
  readonly #histograms = new Map<string, HistogramSeries>();
  readonly #gauges = new Map<string, FamilyHead & { readonly readers: Set<GaugeReader> }>();
  readonly #refused = new Map<string, number>();
  readonly #onRefused = (name: string): void => {
    this.#refused.set(name, (this.#refused.get(name) ?? 0) + 1);
  };

  /** The counter of this name; the same one for everybody who asks. */
  counter(name: string, help: string): Counter {
    const known = this.#counters.get(name);
    const series = known ?? new Series(name, help, () => ({ value: 0 }), this.#onRefused);
    this.#counters.set(name, series);
    return {
      add(labels, by = 1) {
        const one = series.of(labels);
        if (one !== undefined) one.value += by;
      },
      forget: (labels) => series.forget(labels),
    };
  }

  histogram(name: string, help: string, bounds: readonly number[] = secondsBounds): Histogram {
    const known = this.#histograms.get(name);
    const series = known ?? new HistogramSeries(name, help, bounds, this.#onRefused);
    this.#histograms.set(name, series);
    return {
      observe: (labels, value) => series.observe(labels, value),
      forget: (labels) => series.forget(labels),
    };
  }

  /** Asks `read` whenever metrics are collected, so that what is gone is gone. @returns how to end that */
  gauge(name: string, help: string, read: GaugeReader): () => void {
    const gauge = this.#gauges.get(name) ?? { name, help, readers: new Set() };
    this.#gauges.set(name, gauge);
    gauge.readers.add(read);
    return () => {
      gauge.readers.delete(read);
    };
  }

  /** All metrics in the order of their names; those without a series are absent. */
  async collect(): Promise<readonly Family[]> {
    const gauges = await Promise.all([...this.#gauges.values()].map(readGauge));
    const families = [
      ...[...this.#counters.values()].map(counterFamily),
      ...[...this.#histograms.values()].map((series) => series.family()),
      ...gauges,
      refusedFamily(this.#refused),
    ];
    return families.filter(({ samples }) => samples.length > 0).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

class Series<Value> {
  readonly name: string;
  readonly help: string;
  readonly #make: () => Value;
  readonly #onRefused: (name: string) => void;
  readonly #entries = new Map<string, { readonly labels: Labels; readonly value: Value }>();

  constructor(name: string, help: string, make: () => Value, onRefused: (name: string) => void) {
    this.name = name;
    this.help = help;
    this.#make = make;
    this.#onRefused = onRefused;
  }

  /** undefined where there are too many. */
  of(labels: Labels): Value | undefined {
    const key = JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#entries.get(key);
    if (known !== undefined) return known.value;
    if (this.#entries.size >= maxSeries) {
      this.#onRefused(this.name);
      return undefined;
    }
    const value = this.#make();
    this.#entries.set(key, { labels, value });
    return value;
  }

  forget(labels: Labels): void {
    const wanted = Object.entries(labels);
    for (const [key, entry] of this.#entries) {
      if (wanted.every(([name, value]) => entry.labels[name] === value)) this.#entries.delete(key);
    }
  }

  entries(): readonly { readonly labels: Labels; readonly value: Value }[] {
    return [...this.#entries.values()];
  }
}

class HistogramSeries {
  readonly #bounds: readonly number[];
  readonly #series: Series<{ readonly counts: number[]; sum: number; count: number }>;

  constructor(name: string, help: string, bounds: readonly number[], onRefused: (name: string) => void) {
    this.#bounds = bounds;
    const make = () => ({ counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0, count: 0 });
    this.#series = new Series(name, help, make, onRefused);
  }

  observe(labels: Labels, value: number): void {
    const one = this.#series.of(labels);
    if (one === undefined) return;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = at < 0 ? this.#bounds.length : at;
    one.counts[bucket] = (one.counts[bucket] ?? 0) + 1;
    one.sum += value;
    one.count += 1;
  }

  forget(labels: Labels): void {
    this.#series.forget(labels);
  }

  family(): Family {
    const { name, help } = this.#series;
    const samples = this.#series.entries().map(({ labels, value }) => {
      return { labels, counts: [...value.counts], sum: value.sum, count: value.count };
    });
    return { name, help, kind: "histogram", bounds: this.#bounds, samples };
  }
}

function counterFamily(series: Series<{ value: number }>): Family {
  const samples = series.entries().map(({ labels, value }) => ({ labels, value: value.value }));
  return { name: series.name, help: series.help, kind: "counter", samples };
}

function refusedFamily(refused: ReadonlyMap<string, number>): Family {
  const samples = [...refused].map(([metric, value]) => ({ labels: { metric }, value }));
  return {
    name: refusedName,
    help: "Values not counted because a metric has too many series.",
    kind: "counter",
    samples,
  };
}

async function readGauge(gauge: FamilyHead & { readonly readers: Iterable<GaugeReader> }): Promise<Family> {
  const samples = (await Promise.all([...gauge.readers].map(readBounded))).flat().slice(0, maxSeries);
  return { name: gauge.name, help: gauge.help, kind: "gauge", samples };
}

async function readBounded(read: GaugeReader): Promise<readonly Sample[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly Sample[]>();
  const timer = setTimeout(() => resolve([]), readTimeoutMs);
  try {
    return await Promise.race([read(), late]);
  } catch {
    // What cannot be read now is unknown, and an unknown value is left out.
    return [];
  } finally {
    clearTimeout(timer);
  }
}
