/**
 * The sample workflows, for those who come without a file. Each is fetched when it is chosen, and read as a dropped file
 * would be; what happens with it then is the view's business.
 */
import { useState } from 'react';
import type { ReactNode } from 'react';
import { readWorkflowText } from '../../shared/workflow/read-file.ts';
import type { ReadResult } from '../../shared/workflow/result.ts';
import { sampleText, sampleWords } from '../text/samples.ts';
import type { SampleName } from '../text/samples.ts';
import styles from './samples.module.css';

/** As text, so that Vite keeps each in a file of its own and nothing is parsed twice. */
const SAMPLES: Record<SampleName, () => Promise<{ default: string }>> = {
  'text-to-image.json': () => import('../../resources/workflows/text-to-image.json?raw'),
  'four-at-once.json': () => import('../../resources/workflows/four-at-once.json?raw'),
  'two-passes.json': () => import('../../resources/workflows/two-passes.json?raw'),
};

export function SubmitSamples({ onTake }: { onTake: (result: ReadResult) => void }): ReactNode {
  const [failed, setFailed] = useState(false);

  const take = async (name: SampleName): Promise<void> => {
    setFailed(false);
    try {
      onTake(readWorkflowText(name, (await SAMPLES[name]()).default));
    } catch {
      // The host is away, or was updated since this page was loaded. The bar above says so; here, what did not happen.
      setFailed(true);
    }
  };

  return (
    <section className={styles['samples']} aria-labelledby="samples-title">
      <h2 id="samples-title" className={styles['title']}>
        {sampleText.title}
      </h2>
      <ul className={styles['list']}>
        {(Object.keys(SAMPLES) as SampleName[]).map((name) => (
          <li key={name}>
            <button type="button" className={styles['sample']} onClick={() => void take(name)}>
              <b className={styles['name']}>{sampleWords[name].title}</b>
              <span className={styles['line']}>{sampleWords[name].line}</span>
            </button>
          </li>
        ))}
      </ul>
      <div role="status">{failed && sampleText.failed}</div>
    </section>
  );
}
