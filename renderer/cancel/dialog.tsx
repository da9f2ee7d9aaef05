/** The question before a cancel. Its sentences come from the preview; the focus is on keeping; a note goes with the jobs. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import { stoppedBy } from '../../shared/words/cancel.ts';
import type { CancelSentence, CancelWords } from '../../shared/words/cancel.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Checkbox, TextInput } from '../components/field.tsx';
import { Icon } from '../components/icons.tsx';
import { useCancel } from './flow.ts';
import type { Question } from './flow.ts';
import { useStores } from '../state/stores.ts';
import { cancelText, cancelWords, foreignWords } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { Station } from '../job/station.tsx';
import styles from './dialog.module.css';

export function CancelDialog(): ReactNode {
  const flow = useCancel();
  const question = useStore(flow.store, (state) => state.question);
  return question === null ? null : <Asking question={question} />;
}

/** What the question says; null while the preview is not in. */
function useWords(question: Question): { words: CancelWords; count: number; mineAlone: boolean } | null {
  const { servers } = useStores();
  const { ask, preview } = question;
  const manner = { mode: ask.mode ?? ('stop' as const), after: ask.after ?? false };
  const foreign = ask.foreign ?? [];
  const foreignCount = foreign.reduce((sum, { remoteKeys }) => sum + remoteKeys.length, 0);
  const others = foreign.map((target) =>
    foreignWords(target.remoteKeys.length, target.running, servers.getState().byId.get(target.serverId)?.name ?? ''),
  );
  const [firstOther] = others;
  if (ask.scope === null) {
    return firstOther === undefined
      ? null
      : { words: merge(others, foreignCount), count: foreignCount, mineAlone: false };
  }
  if (preview === null) return null;
  const own = cancelWords(preview, manner);
  const count = stoppedBy(preview.total, manner);
  if (firstOther === undefined) return { words: own, count, mineAlone: count === 1 && preview.total.foreign === 0 };
  return { words: merge([own, ...others], count + foreignCount), count: count + foreignCount, mineAlone: false };
}

/** Several questions in one: the sentences of all, one title with the whole count. */
function merge(parts: readonly CancelWords[], count: number): CancelWords {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return {
    title: cancelText.titleMixed(count),
    keep: cancelText.keepMany,
    act: cancelText.actMixed(count),
    sentences: parts.flatMap((part) => part.sentences),
  };
}

function Asking({ question }: { question: Question }): ReactNode {
  const flow = useCancel();
  const [note, setNote] = useState('');
  const [dontAsk, setDontAsk] = useState(false);
  const told = useWords(question);
  const askedOne = told?.mineAlone === true && question.ask.scope !== null && 'jobs' in question.ask.scope;
  const nothing = told !== null && told.count === 0;

  useEffect(() => {
    if (!askedOne) setDontAsk(false);
  }, [askedOne]);

  const keep = (): void => {
    flow.keep();
  };
  if (nothing) {
    return (
      <AlertDialog
        open
        title={cancelText.nothingTitle}
        keepLabel={cancelText.nothingDone}
        actLabel={cancelText.nothingAct}
        disabled
        onKeep={keep}
        onAct={keep}
        returnFocus={() => question.returnFocus}
      >
        <p>{cancelText.nothing}</p>
        <Sentences list={told.words.sentences} />
      </AlertDialog>
    );
  }
  return (
    <AlertDialog
      open
      title={told?.words.title ?? cancelText.titleLooking}
      keepLabel={told?.words.keep ?? cancelText.keepMany}
      actLabel={told?.words.act ?? cancelText.actLooking}
      disabled={told === null || question.busy}
      onKeep={keep}
      onAct={() => {
        flow.confirm(note, dontAsk);
      }}
      returnFocus={() => backTo(question.returnFocus)}
      extra={
        <>
          <TextInput
            value={note}
            maxLength={2_000}
            aria-label={cancelText.noteLabel}
            placeholder={askedOne ? cancelText.noteOne : cancelText.note}
            onChange={(event) => {
              setNote(event.currentTarget.value);
            }}
          />
          {askedOne && <Checkbox label={cancelText.dontAsk} checked={dontAsk} onCheckedChange={setDontAsk} />}
        </>
      }
    >
      {question.changed && <p className={styles['changed']}>{cancelText.changed}</p>}
      {told === null ? (
        <p>{question.error === null ? cancelText.looking : ''}</p>
      ) : (
        <Sentences list={told.words.sentences} />
      )}
      {question.error !== null && (
        <p className={styles['error']} role="alert">
          {cancelText.failed}: {common.error(question.error.code)}
        </p>
      )}
    </AlertDialog>
  );
}

/** The invoker, or the queue's focused row where that is gone. */
function backTo(invoker: HTMLElement | null): HTMLElement | null {
  if (invoker?.isConnected === true) return invoker;
  return document.querySelector<HTMLElement>('[role="grid"] [role="row"][tabindex="0"]');
}

function Sentences({ list }: { list: readonly CancelSentence[] }): ReactNode {
  return (
    <ul className={styles['list']}>
      {list.map((sentence) => (
        <li key={`${sentence.kind} ${sentence.strong} ${sentence.rest}`}>
          <span className={styles['glyph']}>{glyph(sentence.kind)}</span>
          <span>
            {sentence.strong !== '' && <b>{sentence.strong} </b>}
            {sentence.rest}
          </span>
        </li>
      ))}
    </ul>
  );
}

function glyph(kind: CancelSentence['kind']): ReactNode {
  switch (kind) {
    case 'running':
      return <Station shape="progress" tone="go" fraction={0.6} />;
    case 'waiting':
      return <Station shape="ring" />;
    case 'staged':
      return <Station shape="dot" />;
    case 'foreign':
      return <Station shape="diamond" />;
    case 'collecting':
      return <Station shape="check" tone="go" />;
    case 'warning':
      return (
        <span className={styles['warning']}>
          <Icon name="alert" size={16} />
        </span>
      );
  }
}
