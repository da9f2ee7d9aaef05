/** What a measure is and what it answers: rows of a table, each with a limit and whether it was kept. Measures nothing itself. */

export interface BenchOptions {
  /** Runs of which the median counts. */
  readonly runs: number;
  /** Fewer repetitions and smaller data: to try a measure out, not to believe it. */
  readonly quick: boolean;
  /** Ended jobs in the large database. */
  readonly rows: number;
  /** Randomised cancels. */
  readonly random: number;
}

export interface Row {
  measure: string;
  required: string;
  reached: string;
  /** Within the limit; null where nothing is required and the number is only told. */
  ok: boolean | null;
  /** What is behind the number, and what it must be read with. */
  note: string;
  /** The numbers themselves, with their unit in the name (`p95Ms`). */
  numbers: Record<string, number>;
}

/** Answers its rows; throws when it could not be taken. */
export type Take = (options: BenchOptions) => Promise<Row[]>;

/** Monotonic ms, the same clock in every process of this machine. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** The value below which a share of the values lies (nearest rank). Throws on an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Two or three digits that mean something. */
export function short(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export interface Limit {
  measure: string;
  /** `p95`, `median` … or empty. */
  of?: string;
  atMost: number;
  unit: string;
  value: number;
  note?: string;
  numbers?: Record<string, number>;
}

/** A row for a value that must not be above a limit. */
export function atMost({ measure, of = '', atMost: limit, unit, value, note = '', numbers = {} }: Limit): Row {
  return {
    measure,
    required: `${of}${of === '' ? '' : ' '}≤ ${String(limit)} ${unit}`,
    reached: `${short(value)} ${unit}`,
    ok: value <= limit,
    note,
    numbers: { limit, value, ...numbers },
  };
}

/** Ours against the same done by hand, in the same run: at most 1.5 times as long, or 10 ms longer, whichever is more. */
export function againstBare(
  measure: string,
  oursMs: number,
  bareMs: number,
  note: string,
  numbers: Record<string, number> = {},
): Row {
  const limitMs = Math.max(bareMs * 1.5, bareMs + 10);
  return {
    measure,
    required: 'median ≤ 1.5 × bare, or + 10 ms',
    reached: `${short(oursMs)} ms, bare ${short(bareMs)} ms (${short(oursMs / bareMs)} ×, ${oursMs < bareMs ? '−' : '+'} ${short(Math.abs(oursMs - bareMs))} ms)`,
    ok: oursMs <= limitMs,
    note,
    numbers: { oursMs, bareMs, limitMs, ...numbers },
  };
}

/** A row for something counted that must be exactly so. */
export function exactly(measure: string, wanted: number, value: number, note = ''): Row {
  return {
    measure,
    required: String(wanted),
    reached: String(value),
    ok: value === wanted,
    note,
    numbers: { wanted, value },
  };
}
