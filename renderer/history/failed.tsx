/** Running what failed again: how many there are, and the dialog that asks about which, with which seeds. */
import { useCallback, useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { Api } from '../../shared/contract.ts';
import type { JobId } from '../../shared/ids.ts';
import { isAbort } from '../../shared/errors.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Button } from '../components/button.tsx';
import { Checkbox } from '../components/field.tsx';
import { Segmented } from '../components/segmented.tsx';
import { useApi } from '../hooks/use-api.ts';
import { useStores } from '../state/stores.ts';
import { historyText } from '../text/history.ts';

const DAY_MS = 86_400_000;
const MOST = 10_000;

type Since = 'day' | 'week' | 'all';
const SINCE_MS: Record<Since, number> = { day: DAY_MS, week: 7 * DAY_MS, all: Infinity };

/**
 * Failed jobs since a time that nobody has run again yet, newest first. From the beginning (0) only the failed ones are
 * read, so that only second runs in `ranAgain` are known: everything that ever ended would be too much to look through.
 */
async function failedSince(
  api: Pick<Api, 'history'>,
  fromMs: number,
  ranAgain: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<JobId[]> {
  const again = new Set(ranAgain);
  const failed: JobId[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Api['history']['page']>> = await api.history.page(
      {
        filter: { foreign: 'without', ...(fromMs > 0 ? { from: fromMs } : { states: ['failed' as const] }) },
        limit: 500,
        ...(cursor === null ? {} : { cursor }),
      },
      { signal },
    );
    for (const row of page.rows) {
      if (row.type !== 'job') continue;
      // Newest first: the second run is met before the one it repeats.
      if (row.job.runAgainOf !== null) again.add(row.job.runAgainOf);
      if (row.job.state === 'failed' && !again.has(row.job.id)) failed.push(row.job.id);
    }
    cursor = page.cursor;
  } while (cursor !== null && failed.length < MOST);
  return failed.slice(0, MOST);
}

/** The button with its count of the last day; absent while there is nothing to run again. `turn` asks again. */
export function RunFailedAgain({
  turn,
  onRun,
}: {
  turn: number;
  onRun: (ids: JobId[], seeds: 'same' | 'new') => void;
}): ReactNode {
  const api = useApi();
  const stores = useStores();
  const [lastDay, setLastDay] = useState(0);
  const [since, setSince] = useState<Since>('day');
  const [found, setFound] = useState<JobId[] | null>(null);
  const [open, setOpen] = useState(false);
  const [newSeeds, setNewSeeds] = useState(false);

  const look = useCallback(
    (spanMs: number, signal: AbortSignal) => {
      const again = new Set(
        [...stores.jobs.getState().byId.values()].flatMap((job) => (job.runAgainOf === null ? [] : [job.runAgainOf])),
      );
      return failedSince(api, spanMs === Infinity ? 0 : Date.now() - spanMs, again, signal);
    },
    [api, stores],
  );

  useEffect(() => {
    const controller = new AbortController();
    look(DAY_MS, controller.signal).then(
      (ids) => {
        setLastDay(ids.length);
      },
      () => {
        // The list itself says that history can't be read; a count is no second place to say it.
        if (!controller.signal.aborted) setLastDay(0);
      },
    );
    return () => {
      controller.abort();
    };
  }, [look, turn]);

  useEffect(() => {
    if (!open) return undefined;
    const controller = new AbortController();
    setFound(null);
    look(SINCE_MS[since], controller.signal).then(setFound, (error: unknown) => {
      if (!isAbort(error) && !controller.signal.aborted) setFound([]);
    });
    return () => {
      controller.abort();
    };
  }, [open, since, look]);

  const total = found?.length ?? 0;
  return (
    <>
      {(lastDay > 0 || open) && (
        <Button
          onClick={() => {
            setOpen(true);
          }}
        >
          {historyText.runFailedAgain(lastDay)}
        </Button>
      )}
      <AlertDialog
        open={open}
        title={found === null ? historyText.runFailedLooking : historyText.runFailedAgainTitle(total)}
        keepLabel={historyText.notNow}
        actLabel={historyText.runFailedAgainDo(total)}
        look="solid"
        disabled={total === 0}
        extra={
          <>
            <Segmented
              label={historyText.runFailedSince}
              value={since}
              options={[
                { value: 'day', label: historyText.runFailedSpans.day },
                { value: 'week', label: historyText.runFailedSpans.week },
                { value: 'all', label: historyText.runFailedSpans.all },
              ]}
              onValueChange={setSince}
            />
            <Checkbox label={historyText.runFailedAgainSeeds} checked={newSeeds} onCheckedChange={setNewSeeds} />
          </>
        }
        onKeep={() => {
          setOpen(false);
        }}
        onAct={() => {
          setOpen(false);
          if (found !== null && found.length > 0) onRun(found, newSeeds ? 'new' : 'same');
        }}
      >
        {historyText.runFailedAgainText}
      </AlertDialog>
    </>
  );
}
