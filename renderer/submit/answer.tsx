/** The answer to a file that can't be queued: what it is, and how to get the right one. */
import type { ReactNode } from 'react';
import { IconButton } from '../components/icon-button.tsx';
import { common } from '../text/common.ts';
import { refusalText, submitText } from '../text/submit.ts';
import type { ReadResult } from '../../shared/workflow/result.ts';
import styles from './answer.module.css';

export function SubmitAnswer({
  answer,
  onClose,
}: {
  answer: Exclude<ReadResult, { type: 'workflow' }>;
  onClose: () => void;
}): ReactNode {
  const refusal = answer.type === 'refused' ? refusalText(answer) : null;
  return (
    <div className={styles['answer']} role="alert">
      <IconButton className={styles['close']} name={common.close} icon="close" onClick={onClose} />
      <h2 className={styles['title']}>{refusal?.title ?? submitText.uiTitle(answer.name)}</h2>
      <p>{refusal?.text ?? submitText.uiText}</p>
      {refusal === null && (
        <>
          <ol className={styles['steps']}>
            {submitText.uiSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
          <p>{submitText.uiAlso}</p>
        </>
      )}
    </div>
  );
}
