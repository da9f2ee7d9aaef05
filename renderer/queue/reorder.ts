/** Where a move by one step goes: next to the neighbour row's jobs. A folded batch is stepped over as one. Pure. */
import type { JobId } from '../../shared/ids.ts';
import type { QueueRow } from './rows.ts';
import { jobsOfRow } from './rows.ts';

/** `rows` in order, `moving` the jobs that step. Null where there is nothing to step over. */
export function stepTarget(
  rows: readonly QueueRow[],
  moving: readonly JobId[],
  by: -1 | 1,
): { before: JobId } | { after: JobId } | null {
  const own = new Set(moving);
  const isOwn = (row: QueueRow): boolean => jobsOfRow(row).some((id) => own.has(id));
  const at = by === -1 ? rows.findIndex(isOwn) : rows.findLastIndex(isOwn);
  if (at === -1) return null;
  for (let index = at + by; index >= 0 && index < rows.length; index += by) {
    const row = rows[index];
    if (row === undefined || row.type === 'section' || row.type === 'divide') return null;
    if (isOwn(row)) continue;
    const ids = jobsOfRow(row);
    const neighbour = by === -1 ? ids[0] : ids.at(-1);
    if (neighbour !== undefined) return by === -1 ? { before: neighbour } : { after: neighbour };
  }
  return null;
}
