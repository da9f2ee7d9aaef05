/** One row of History: picture, what it was, how it ended and by whom, where, when, and the one thing to do about it. */
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { HistoryRow as Row } from '../../shared/history.ts';
import { titleWords } from '../../shared/words/job.ts';
import { canPutBack } from '../../shared/job-view.ts';
import { Badge } from '../components/badge.tsx';
import { Button } from '../components/button.tsx';
import { cx } from '../components/class-names.ts';
import { Thumbnail } from '../components/thumbnail.tsx';
import { time } from '../text/format.ts';
import { endingOf, foreignEnding } from '../text/endings.ts';
import { historyText } from '../text/history.ts';
import type { EndingText } from '../text/endings.ts';
import { endedAt } from './layout.ts';
import { factsOf, thumbOf } from '../job/words.ts';
import styles from './row.module.css';

export type RowAct = 'put-back' | 'run-again' | 'details';

/** Put back what never ran, once; run again what did; look at what is not ours. */
function actOf(row: Row): RowAct {
  if (row.type === 'foreign') return 'details';
  return canPutBack(row.job)
    ? 'put-back'
    : row.job.state === 'cancelled' && row.job.putBackAs !== null
      ? 'details'
      : 'run-again';
}

const actLabels: Record<RowAct, string> = {
  'put-back': historyText.putBack,
  'run-again': historyText.runAgain,
  details: historyText.details,
};

export interface HistoryRowProps {
  row: Row | null;
  serverName: string;
  /** In reach of the Tab key: only the active row's button is. */
  active: boolean;
  onAct: (row: Row, act: RowAct) => void;
}

/** Drawn again only when something of it changed: while one scrolls, most rows are the ones of the frame before. */
export const HistoryRow = memo(function HistoryRow({ row, serverName, active, onAct }: HistoryRowProps): ReactNode {
  if (row === null) return <Placeholder />;
  const ending = row.type === 'job' ? endingOf(row.job) : foreignEnding(row.foreign);
  const cancelled = row.type === 'job' && row.job.state === 'cancelled';
  const act = actOf(row);
  return (
    <div role="presentation" className={cx(styles['row'], cancelled && styles['cancelled'])}>
      <span role="gridcell" className={styles['picture']}>
        <Thumbnail src={row.type === 'job' ? thumbOf(row.job) : null} faded={cancelled} />
      </span>
      <span role="gridcell" className={styles['what']}>
        {row.type === 'job' ? (
          <span className={styles['title']} dir="auto">
            {titleWords(row.job.title)}
          </span>
        ) : (
          <span className={cx(styles['title'], styles['foreign'])}>
            <span>{historyText.foreignTitle}</span> <Badge>{historyText.foreign}</Badge>
          </span>
        )}
        <span className={styles['meta']}>
          {row.type === 'job' ? factsOf(row.job.info) : historyText.foreignKey(row.foreign.remoteKey)}
        </span>
      </span>
      <span role="gridcell" className={styles['ending']}>
        <Ending ending={ending} />
      </span>
      <span role="gridcell" className={styles['server']}>
        {serverName}
      </span>
      <span role="gridcell" className={styles['time']}>
        <time dateTime={new Date(endedAt(row)).toISOString()}>{time(endedAt(row))}</time>
      </span>
      <span role="gridcell" className={styles['act']}>
        <Button
          size="s"
          className={styles['button']}
          tabIndex={active ? 0 : -1}
          aria-label={`${actLabels[act]}: ${row.type === 'job' ? titleWords(row.job.title) : historyText.foreignTitle}`}
          onClick={(event) => {
            event.stopPropagation();
            onAct(row, act);
          }}
        >
          {actLabels[act]}
        </Button>
      </span>
    </div>
  );
});

export function Ending({ ending }: { ending: EndingText }): ReactNode {
  return (
    <>
      <span className={cx(styles['first'], ending.second === null && styles['alone'])}>
        <b className={styles[ending.tone]}>{ending.word}</b>
        {ending.rest}
      </span>
      {ending.second !== null && <span className={styles['second']}>{ending.second}</span>}
    </>
  );
}

function Placeholder(): ReactNode {
  return (
    <div role="presentation" className={styles['row']}>
      <span role="gridcell" className={styles['picture']}>
        <span className={styles['blankPicture']} />
      </span>
      <span role="gridcell" className={styles['what']}>
        <span className={styles['blank']} />
        <span className="sr-only">{historyText.loadingRow}</span>
      </span>
    </div>
  );
}
