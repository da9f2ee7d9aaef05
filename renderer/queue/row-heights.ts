/** How tall each row of the queue is, px. Known beforehand, so that the list never measures and nothing jumps. */
import type { QueueRow } from './rows.ts';

export function heightOfRow(row: QueueRow, layout: { phone: boolean; tight: boolean }): number {
  switch (row.type) {
    case 'section':
      return layout.phone ? 60 : 50;
    case 'job':
      if (row.tall) return layout.phone ? 384 : 92;
      return layout.phone ? 60 : layout.tight ? 32 : 46;
    case 'foreign':
    case 'counts':
    case 'batch':
      return layout.phone ? 60 : layout.tight ? 32 : 46;
    case 'divide':
      return 24;
    case 'more':
    case 'empty':
      return 34;
  }
}
