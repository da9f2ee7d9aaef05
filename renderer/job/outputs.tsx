/** What a job made: pictures small and large, players, texts, what is missing; fetch again, show in the file manager. */
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { JobDetail, OutputView } from '../../shared/job.ts';
import { outputAddress } from '../../shared/media.ts';
import { Badge } from '../components/badge.tsx';
import { Button } from '../components/button.tsx';
import { Dialog } from '../components/dialog.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { Icon } from '../components/icons.tsx';
import { bytes } from '../text/format.ts';
import { useAct, useApi } from '../hooks/use-api.ts';
import { sayTrouble } from '../state/actions.ts';
import { useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { detailText, historyText } from '../text/history.ts';
import styles from './outputs.module.css';

export function JobOutputs({ detail, onChanged }: { detail: JobDetail; onChanged: () => void }): ReactNode {
  const { job, outputs } = detail;
  const api = useApi();
  const [large, setLarge] = useState<number | null>(null);
  const fetchAgain = useAct(async (signal) => {
    await api.outputs.refetch({ id: job.id }, { signal });
    onChanged();
  });
  if (outputs.length === 0) return null;
  const pictures = outputs.filter((output) => output.media === 'image' && output.state === 'stored');
  const rest = outputs.filter((output) => !pictures.includes(output));
  return (
    <section aria-label={detailText.outputs}>
      {pictures.length > 0 && (
        <ul className={styles['pictures']} data-many={pictures.length > 1 ? '' : undefined}>
          {pictures.map((output, index) => (
            <li key={output.id}>
              <button
                type="button"
                className={styles['picture']}
                aria-label={detailText.openLarge(output.name)}
                onClick={() => setLarge(index)}
              >
                <img
                  src={outputAddress(output.id)}
                  alt=""
                  loading="lazy"
                  decoding="async"
                  className={job.state === 'cancelled' ? styles['faded'] : undefined}
                />
                {output.partial && (
                  <span className={styles['partial']}>
                    <Badge>{detailText.partial}</Badge>
                  </span>
                )}
              </button>
            </li>
          ))}
        </ul>
      )}
      {rest.length > 0 && (
        <ul className={styles['files']}>
          {rest.map((output) => (
            <li key={output.id}>
              <File output={output} />
            </li>
          ))}
        </ul>
      )}
      {job.outputs.missing > 0 && (
        <div className={styles['missing']}>
          <Button disabled={fetchAgain.busy} icon="refresh" onClick={fetchAgain.run}>
            {fetchAgain.busy ? detailText.fetching : detailText.fetchAgain(job.outputs.missing)}
          </Button>
          {fetchAgain.error !== null && (
            <p className={styles['trouble']} role="alert">
              {common.error(fetchAgain.error.code)}
            </p>
          )}
        </div>
      )}
      <Large pictures={pictures} index={large} onIndex={setLarge} />
    </section>
  );
}

function File({ output }: { output: OutputView }): ReactNode {
  if (output.text !== null) {
    return (
      <figure className={styles['text']}>
        <figcaption>{output.name}</figcaption>
        <pre tabIndex={0}>{output.text}</pre>
      </figure>
    );
  }
  if (output.state !== 'stored') {
    return (
      <span className={styles['name']}>
        {output.name}{' '}
        <Badge tone="hold">{output.state === 'missing' ? detailText.outputMissing : detailText.outputExpected}</Badge>
      </span>
    );
  }
  return (
    <figure className={styles['media']}>
      {output.media === 'video' && (
        <video controls preload="metadata" src={outputAddress(output.id)} aria-label={output.name} />
      )}
      {output.media === 'audio' && (
        <audio controls preload="metadata" src={outputAddress(output.id)} aria-label={output.name} />
      )}
      <figcaption className={styles['name']}>
        <a href={outputAddress(output.id)} download={output.name}>
          {output.name}
        </a>
        {output.bytes !== null && <span className={styles['size']}>{bytes(output.bytes)}</span>}
        <Reveal output={output} />
      </figcaption>
    </figure>
  );
}

/** Only on the machine the files are on; elsewhere the core refuses, and the answer says so. */
function Reveal({ output, words = false }: { output: OutputView; words?: boolean }): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const reveal = (): void => {
    api.outputs.reveal({ id: output.id }).catch((error: unknown) => {
      sayTrouble(toasts, error, historyText.actionFailed);
    });
  };
  if (words) {
    return (
      <Button icon="folder" onClick={reveal}>
        {detailText.reveal}
      </Button>
    );
  }
  return <IconButton name={detailText.revealNamed(output.name)} icon="folder" onClick={reveal} />;
}

function Large({
  pictures,
  index,
  onIndex,
}: {
  pictures: readonly OutputView[];
  index: number | null;
  onIndex: (index: number | null) => void;
}): ReactNode {
  const output = index === null ? undefined : pictures[index];
  const step = (by: number): void => {
    if (index !== null) onIndex((index + by + pictures.length) % pictures.length);
  };
  return (
    <Dialog
      wide
      open={output !== undefined}
      onOpenChange={(open) => {
        if (!open) onIndex(null);
      }}
      title={output?.name ?? ''}
      footer={
        output !== undefined && (
          <>
            {pictures.length > 1 && (
              <>
                <IconButton name={detailText.previous} icon="left" onClick={() => step(-1)} />
                <IconButton name={detailText.next} icon="right" onClick={() => step(1)} />
              </>
            )}
            <a className={styles['download']} href={outputAddress(output.id)} download={output.name}>
              {detailText.download}
            </a>
            <Reveal output={output} words />
          </>
        )
      }
    >
      {output !== undefined && (
        <div
          className={styles['canvas']}
          onKeyDown={(event) => {
            if (event.key === 'ArrowLeft') step(-1);
            else if (event.key === 'ArrowRight') step(1);
          }}
        >
          <img src={outputAddress(output.id)} alt={output.name} className={styles['full']} />
          <p className={styles['about']}>
            {[
              output.width !== null && output.height !== null ? common.size(output.width, output.height) : null,
              output.bytes === null ? null : bytes(output.bytes),
              pictures.length > 1 && index !== null ? `${String(index + 1)} / ${String(pictures.length)}` : null,
            ]
              .filter((part) => part !== null)
              .join(' · ')}
            {output.partial && <Icon name="alert" size={12} />}
            {output.partial && detailText.partial}
          </p>
        </div>
      )}
    </Dialog>
  );
}
