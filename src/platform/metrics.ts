/** Names and values of one series; a handful of bounded words, never an id of a person, a path as called or a token. */
export type Labels = Readonly<Record<string, string>>;

/** Counts up; a plain number, so that the hot path pays an addition. */
export type Counter = { value: number };

export type Histogram = { observe(value: number): void };

export type Reading = readonly [labels: Labels, value: number];

/** What a process tells of itself, as Prometheus reads it (text format 0.0.4). */
export type Metrics = {
  /** The series of these labels, made when it is new. Callers keep it. */
  counter(name: string, help: string, labels?: Labels): Counter;
  /** The series of these labels; `bounds` are the buckets' upper bounds, rising, the same for all series of a name. */
  histogram(family: { name: string; help: string; bounds: readonly number[] }, labels?: Labels): Histogram;
  /** Read when somebody asks, so that it costs nothing before. */
  read(kind: "gauge" | "counter", name: string, help: string, readings: () => number | Iterable<Reading>): void;
  text(): string;
};

type Family = { kind: string; help: string; series: Map<string, () => string> };

export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const counters = new Map<string, Counter>();
  const histograms = new Map<string, Histogram>();

  function familyOf(name: string, kind: string, help: string): Family {
    const found = families.get(name);
    if (found !== undefined) return found;
    const made = { kind, help, series: new Map<string, () => string>() };
    families.set(name, made);
    return made;
  }

  return {
    counter(name, help, labels = {}) {
      const key = name + labelText(labels);
      const found = counters.get(key);
      if (found !== undefined) return found;
      const made = { value: 0 };
      counters.set(key, made);
      familyOf(name, "counter", help).series.set(key, () => `${key} ${made.value}\n`);
      return made;
    },
    histogram({ name, help, bounds }, labels = {}) {
      const key = name + labelText(labels);
      const found = histograms.get(key);
      if (found !== undefined) return found;
      const made = createHistogram(bounds);
      histograms.set(key, made);
      familyOf(name, "histogram", help).series.set(key, () => made.text(name, labels));
      return made;
    },
    read(kind, name, help, readings) {
      familyOf(name, kind, help).series.set("", () => textOf(name, readings()));
    },
    text: () => [...families].map(([name, family]) => familyText(name, family)).join(""),
  };
}

function familyText(name: string, { kind, help, series }: Family): string {
  const lines = [...series.values()].map((text) => text()).join("");
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${kind}\n${lines}`;
}

function textOf(name: string, readings: number | Iterable<Reading>): string {
  if (typeof readings === "number") return `${name} ${readings}\n`;
  return [...readings].map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`).join("");
}

function createHistogram(bounds: readonly number[]): Histogram & { text(name: string, labels: Labels): string } {
  // the last one is +Inf
  const counts = [...bounds.map(() => 0), 0];
  let sum = 0;
  return {
    observe(value) {
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      sum += value;
    },
    text(name, labels) {
      let total = 0;
      const lines = counts.map((count, at) => {
        total += count;
        return `${name}_bucket${labelText({ ...labels, le: at < bounds.length ? String(bounds[at]) : "+Inf" })} ${total}\n`;
      });
      return `${lines.join("")}${name}_sum${labelText(labels)} ${sum}\n${name}_count${labelText(labels)} ${total}\n`;
    },
  };
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
