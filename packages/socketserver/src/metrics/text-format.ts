/** One value of a metric, and the labels that tell it from the others. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** What comes behind the metric's name, as `_bucket` of a histogram. */
  readonly suffix?: string;
}

/** A metric, and its values. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What it says, in a sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/**
 * Writes metrics as Prometheus reads them; those without a value are left out.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function writeMetrics(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(writeFamily)
    .join('');
}

function writeFamily({ name, type, help, samples }: MetricFamily): string {
  const lines = [`# HELP ${name} ${escape(help)}`, `# TYPE ${name} ${type}`];
  for (const { suffix = '', labels, value } of samples) {
    lines.push(`${name}${suffix}${writeLabels(labels)} ${writeNumber(value)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function writeLabels(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escape(value).replaceAll('"', String.raw`\"`)}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escape(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function writeNumber(value: number): string {
  return value === Infinity ? '+Inf' : String(value);
}
